"""What a model's server says."""

from collections.abc import Sequence

from components.errors import SlipwayError
from components.settings import parse_settings
from tools.embedded.stack import EmbeddedStack
from tools.engine.stack import Stack
from tools.status import MODEL_LABEL


def reading(stack: Stack, model: str, lines: int, follow: bool) -> list[str]:
    """The command that shows the last lines of all of a model's pods. Raises SlipwayError for an unknown model."""
    settings = parse_settings(stack.values)
    found = next((each for each in settings.models if each.name == model), None)
    if not found:
        names = ", ".join(each.name for each in settings.models) or "none"
        raise SlipwayError(f"{stack.file} has no model {model}; it has: {names}")
    if stack.embedded:
        # Its pods are simulated; the server is a process of this machine.
        log = EmbeddedStack.of(stack.file).folder / "mlserver.log"
        return ["tail", f"--lines={lines}", *(["--follow"] if follow else []), str(log)]
    labels = [f"--namespace={settings.namespace_of(found)}", f"--selector={MODEL_LABEL}={model}"]
    shown = ["--all-containers", "--prefix", "--ignore-errors", f"--tail={lines}", "--max-log-requests=50"]
    return ["kubectl", *kubectl_options(stack), "logs", *labels, *shown, *(["--follow"] if follow else [])]


def kubectl_options(stack: Stack) -> Sequence[str]:
    """The way to the stack's cluster."""
    existing = parse_settings(stack.values).cluster.existing
    if existing:
        return [f"--kubeconfig={existing.kubeconfig}", f"--context={existing.context}"]
    return [f"--kubeconfig={stack.folder / 'kubeconfig'}"]
