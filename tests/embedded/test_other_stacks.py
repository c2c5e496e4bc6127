"""What dev and prod make of their own, on the embedded cluster: all but the cluster, the charts and the image."""

from typing import Any

import pytest
import yaml

from components.settings.merge import merged
from tests.embedded.conftest import Checkout
from tests.embedded.test_local_stack import changes
from tools.bench.frame.checkout import PROJECT
from tools.stack_file import PREFIX

pytestmark = pytest.mark.embedded

# What a test cluster without a registry, without CloudNativePG's kinds, and with nothing to keep has no use for.
DROPPED = ("backend", "registry", "charts", "knativeServing", "embedded", "database")


def on_embedded(stack: str, local: dict[str, Any]) -> dict[str, Any]:
    """The committed stack's settings, on this cluster and with a ready image."""
    config = yaml.safe_load((PROJECT / f"Pulumi.{stack}.yaml").read_text())["config"]
    for key in DROPPED:
        config.pop(f"{PREFIX}{key}", None)
    for key in ("cluster", "platform"):
        config[f"{PREFIX}{key}"] = local[f"{PREFIX}{key}"]
    for key in ("ingress", "tracking"):
        own = {name: value for name, value in local[f"{PREFIX}{key}"].items() if name in ("address", "uri")}
        config[f"{PREFIX}{key}"] = merged(config.get(f"{PREFIX}{key}", {}), own)
    config[f"{PREFIX}namespaces"] = {"data": f"{stack}-data", "models": f"{stack}-models"}
    # No gateway ends TLS here, no controller signs a certificate, no plugin lets a sidecar in.
    for key, name in (("ingress", "tls"), ("ingress", "auth"), ("tracking", "auth"), ("security", "mutualTls")):
        config.get(f"{PREFIX}{key}", {}).pop(name, None)
    image = local[f"{PREFIX}models"][0]["image"]
    config[f"{PREFIX}models"] = [{**model, "image": image} for model in config[f"{PREFIX}models"]]
    return dict(config)


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_the_stack_comes_up_stays_as_it_is_and_goes(
    checkout: Checkout, local_config: dict[str, Any], name: str
) -> None:
    stack = checkout.stack(name, on_embedded(name, local_config))
    assert set(changes(stack.up().summary)) == {"create"}
    assert checkout.names("hpa") == {f"{name}-models/mlflow-wine-classifier-hpa"}
    assert changes(stack.up().summary) == {}
    stack.destroy()
    assert not {each for each in checkout.names("namespaces") if each.startswith(f"/{name}-")}
