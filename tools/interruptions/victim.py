"""The stack that is interrupted: a given one's settings, in a checkout that is thrown away."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from components.errors import SlipwayError
from components.settings import Settings, parse_settings
from tools.bench.frame.checkout import checkout
from tools.embedded.stack import EmbeddedStack
from tools.engine.stack import Stack
from tools.interruptions import traces
from tools.stack_file import PREFIX

_NAME = "interrupted"
# Those that a stack has unless it says otherwise.
_PARTS = ("certificates", "mesh", "serverless", "serving")


@dataclass(frozen=True)
class Victim:
    """`cluster` is the kubeconfig of one that stays, `kind` the name of one that comes and goes."""

    stack: Stack
    namespaces: frozenset[str]
    cluster: Path | None
    kind: str | None

    def left(self, verb: str) -> list[str]:
        """What is there after a whole run of the verb, and should not be."""
        found = [*traces.of_a_run(Path())]
        if verb == "up":
            return [*found, *traces.of_a_state(self.stack)]
        if self.kind:
            found += traces.of_a_kind_cluster(self.kind)
        if self.cluster:
            found += traces.of_a_cluster(self.cluster, set(self.namespaces))
        # A destroyed stack is forgotten, with all its files.
        return [*found, *([f"the folder {self.stack.folder}"] if self.stack.folder.exists() else [])]


@contextlib.contextmanager
def victim(stack: Stack, folder: Path) -> Iterator[Victim]:
    """Make it in `folder`, which is the current one inside; an embedded stack's cluster and servers stay up."""
    content = stack.content
    config = dict(content["config"])
    settings = parse_settings(stack.values)
    if config.get(f"{PREFIX}backend") or settings.database.keep or settings.object_store.keep:
        raise SlipwayError(f"{stack.name} has a shared state or data that is kept: interrupt another stack")
    checkout(folder)
    with contextlib.chdir(folder), contextlib.ExitStack() as end:
        cluster: EmbeddedStack | None = None
        if settings.embedded:
            Path(f"Pulumi.{stack.name}.yaml").write_text(yaml.safe_dump(content))
            cluster = EmbeddedStack.of(Path(f"Pulumi.{stack.name}.yaml"))
            end.callback(cluster.remove)
            cluster.up(example=False)
            config = _on(cluster, settings)
        Path(f"Pulumi.{_NAME}.yaml").write_text(yaml.safe_dump({"config": config}))
        yield Victim(
            stack=Stack(_NAME),
            namespaces=frozenset({settings.namespaces.data, settings.namespaces.models}),
            cluster=cluster.folder / "kubeconfig" if cluster else None,
            kind=settings.cluster.kind.name if settings.cluster.kind else None,
        )


def _on(cluster: EmbeddedStack, settings: Settings) -> dict[str, Any]:
    """MLflow and its stores on the embedded cluster, as on one that is there: nothing of the platform runs on it."""
    existing = {"kubeconfig": str(cluster.folder / "kubeconfig"), "context": cluster.existing.context}
    kept = {
        "cluster": {"existing": existing},
        "platform": dict.fromkeys(_PARTS, "off"),
        "ingress": {"domain": settings.ingress.domain},
        "namespaces": {"data": settings.namespaces.data, "models": settings.namespaces.models},
        "tracking": {"uri": "http://127.0.0.1:1"},
    }
    return {f"{PREFIX}{key}": value for key, value in kept.items()}
