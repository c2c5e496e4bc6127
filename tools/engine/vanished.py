"""A cluster that is gone while the state still has it, and what was on it."""

from collections.abc import Mapping

from components.dynamic import kind_cluster
from tools.engine import process, state
from tools.engine.stack import Stack


def vanished(stack: Stack, env: Mapping[str, str]) -> bool:
    """Whether the stack's kind cluster is in its state and nowhere else. Raises CommandFailed when it is stopped."""
    section = stack.values["cluster"].get("kind")
    if not section or kind_cluster.there(section["name"]):
        return False
    return any(each["type"] == kind_cluster.KindCluster.token for each in state.resources(stack, env))


def take_out(stack: Stack, env: Mapping[str, str]) -> int:
    """Take what was on a vanished cluster out of the state; return Pulumi's exit code."""
    print(f"the cluster of {stack.name} is gone: taking it, and what was on it, out of the state")
    options = [
        "--stack",
        stack.name,
        "--config-file",
        str(stack.used_file),
        "--non-interactive",
        "--yes",
        "--suppress-outputs",
    ]
    return process.pulumi(["refresh", *options], {**env, "PULUMI_K8S_DELETE_UNREACHABLE": "true"})
