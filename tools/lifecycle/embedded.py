"""The cluster that an embedded stack brings along, around Pulumi's run."""

from collections.abc import Mapping
from typing import Any

from tools.embedded import summary
from tools.embedded.stack import EmbeddedStack
from tools.engine.stack import Stack
from tools.toolchain.install import install


class EmbeddedCluster:
    """The stack's own cluster."""

    def __init__(self, stack: Stack) -> None:
        install()
        self._stack = EmbeddedStack.of(stack.file)

    def start(self, verb: str) -> None:
        """Start what the verb needs. Raises SlipwayError."""
        if verb not in ("output", "cancel"):
            self._stack.up(example=verb == "up")

    def remove(self) -> None:
        self._stack.remove()

    def summary(self, outputs: Mapping[str, Any]) -> str:
        """What is real and what is simulated, after an `up`."""
        return summary.text(outputs, self._stack.existing.kubeconfig)
