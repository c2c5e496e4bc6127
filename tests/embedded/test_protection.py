"""Data outlives a destroy, a replacement and a forgotten setting, on the real engine and a real API server."""

import json
import subprocess
import sys
from typing import Any

import pytest
import yaml

from tests.embedded.conftest import Checkout
from tools.stack_file import PREFIX

pytestmark = pytest.mark.embedded

STACK = "kept"
PARTS = ("certificates", "mesh", "serverless", "serving")
WORD = ("--confirm", f"delete-data-of-{STACK}")


class Kept:
    """A stack of MLflow and its stores alone, run as `make` runs it."""

    def __init__(self, checkout: Checkout, local: dict[str, Any]) -> None:
        self._checkout = checkout
        shared = {key: local[f"{PREFIX}{key}"] for key in ("cluster", "ingress")}
        platform = dict.fromkeys(PARTS, "off")
        self._settings = {**shared, "platform": platform, "tracking": {"uri": "http://127.0.0.1:1"}}

    def write(self, *, keep: bool, namespace: str = "kept-data", bucket: str = "mlflow") -> None:
        settings = {**self._settings, "namespaces": {"data": namespace, "models": "kept-models"}}
        settings |= {"database": {"keep": keep}, "objectStore": {"keep": keep, "bucket": bucket}}
        content = {"config": {f"{PREFIX}{key}": value for key, value in settings.items()}}
        (self._checkout.root / f"Pulumi.{STACK}.yaml").write_text(yaml.safe_dump(content))

    def run(self, verb: str, *arguments: str) -> tuple[bool, str]:
        """Whether it worked, and what it said."""
        command = [sys.executable, "-m", "tools", verb, STACK, *arguments]
        done = subprocess.run(command, cwd=self._checkout.root, check=False, capture_output=True, text=True)
        return done.returncode == 0, done.stdout + done.stderr

    def make(self, verb: str, *arguments: str) -> str:
        worked, said = self.run(verb, *arguments)
        assert worked, said
        return said

    def there(self, kind: str) -> set[str]:
        return {each.partition("/")[2] for each in self._checkout.names(kind) if each.startswith("kept-data/")}

    @property
    def data(self) -> dict[str, str]:
        """What must stay the same object: volumes by their UID, and the database's password."""
        volumes = json.loads(self._checkout.kubectl("get", "pvc", "--namespace=kept-data", "--output=json"))["items"]
        secret = self._checkout.kubectl(
            "get", "secret", "database", "--namespace=kept-data", "--output=jsonpath={.data.password}"
        )
        return {"password": secret, **{each["metadata"]["name"]: each["metadata"]["uid"] for each in volumes}}


@pytest.fixture
def kept(checkout: Checkout, local_config: dict[str, Any]) -> Kept:
    return Kept(checkout, local_config)


def test_data_goes_with_a_setting_and_a_word_and_with_nothing_less(checkout: Checkout, kept: Kept) -> None:
    kept.write(keep=True)
    kept.make("up")
    data = kept.data
    assert set(data) == {"password", "postgres", "object-store"}

    # A destroy leaves it running, and says how to go on.
    said = kept.make("destroy")
    assert "PersistentVolumeClaim kept-data/postgres" in said
    assert f"make destroy STACK={STACK} CONFIRM=delete-data-of-{STACK}" in said
    assert kept.there("statefulsets") == {"postgres", "object-store"}
    assert not kept.there("deployments")
    assert "/kept-models" not in checkout.names("namespaces")
    # A second one has nothing to do.
    kept.make("destroy")

    # The next `up` goes on with the same data, and the one after it has nothing to do.
    kept.make("up")
    assert kept.data == data
    assert kept.there("deployments") == {"mlflow"}
    kept.make("preview", "--expect-no-changes")

    # A change that would replace the data is refused.
    kept.write(keep=True, namespace="kept-elsewhere")
    worked, said = kept.run("up")
    assert not worked
    assert "protect" in said
    assert kept.data == data

    # So is another place to look for it, and a preview fails as well.
    kept.write(keep=True, bucket="elsewhere")
    for verb in ("preview", "up"):
        worked, said = kept.run(verb)
        assert not worked
        assert "leaves MLflow's artifacts in s3://mlflow at http://object-store.kept-data:9000" in said
        assert f"CONFIRM=delete-data-of-{STACK}" in said
    assert kept.data == data

    # So is letting it go without the word, by `up` as by `destroy`.
    kept.write(keep=False)
    for verb in ("preview", "up", "destroy"):
        worked, said = kept.run(verb)
        assert not worked
        assert f"CONFIRM=delete-data-of-{STACK}" in said
    assert kept.data == data

    kept.make("destroy", *WORD)
    left = checkout.names("namespaces")
    assert not {"/kept-data", "/kept-models"} & left
    assert not (checkout.root / ".slipway" / STACK).exists()
