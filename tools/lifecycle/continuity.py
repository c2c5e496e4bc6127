"""Whether the cluster is still the one that the state is of; nothing is done to another one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.clients import identity, kubeconfig
from components.clients.cluster_api import Cluster, ClusterError
from components.dynamic import kind_cluster
from components.dynamic.cluster_identity import ClusterIdentity
from components.dynamic.kind_cluster import KindCluster
from components.errors import SlipwayError
from tools.engine import process, state
from tools.engine.cluster import standing
from tools.engine.stack import Stack

Say = Callable[[str], None]
# The verbs that may begin anew where the cluster is gone, or left on purpose.
_RENEWING = ("up", "refresh", "destroy")


@dataclass(frozen=True)
class Left:
    """Why the state's cluster is one of the past."""

    why: str


def settle(stack: Stack, verb: str, env: Mapping[str, str], confirm: str | None, say: Say) -> state.Known:
    """Take the state of a cluster that is gone, or left on purpose, away; return what the state holds then.

    Nothing in any cluster is touched.

    Raises OtherCluster, ClusterError or SlipwayError where it is not the same cluster, or cannot be told.
    """
    known = state.read(stack, env)
    if verb in _RENEWING:
        _finish_deletion(stack, known.resources)
    past = left(stack, known.resources, confirm)
    if not past:
        return known
    if verb not in _RENEWING:
        raise SlipwayError(f"{past.why}; `make up STACK={stack.name}` begins anew")
    say(f"{past.why}: the state forgets it, and all that was on it")
    if code := process.pulumi(["state", "delete", "--all", "--force", "--yes", "--stack", stack.name], env):
        raise SlipwayError(f"the state could not be emptied (exit code {code})")
    return state.Known()


def left(stack: Stack, resources: Sequence[Mapping[str, Any]], confirm: str | None) -> Left | None:
    """None for the same cluster, or a stack without one yet."""
    if stack.values["cluster"].get("kind"):
        return _kind(stack, kept(resources, KindCluster.token, "identity"), confirm)
    before, leaving = kept(resources, ClusterIdentity.token, "uid"), confirm == identity.word(stack.name)
    try:
        found = _found(stack)
    except ClusterError as error:
        if before and leaving:
            return Left(f"{stack.name} leaves the cluster {before}, which does not answer")
        gone = f"a cluster that is gone for good, the state forgets: make destroy STACK={stack.name} "
        raise ClusterError(str(error), remedy=f"{gone}CONFIRM={identity.word(stack.name)}" if before else "") from None
    if before == found and leaving:
        raise SlipwayError(f"the cluster of {stack.name} is there ({found}): there is nothing to leave")
    if not before or before == found:
        return None
    if stack.embedded:
        # It is made with the stack, and nobody else's.
        return Left(f"the cluster of {stack.name} was removed")
    if leaving:
        return Left(f"{stack.name} leaves the cluster {before}")
    identity.require(before, found, stack.name, kubeconfig.named(stack.values["cluster"]["existing"]))
    return None


def kept(resources: Sequence[Mapping[str, Any]], token: str, output: str) -> str | None:
    """The identity of the cluster that the state is of."""
    return next((each["outputs"][output] for each in resources if each["type"] == token and each.get("outputs")), None)


def _finish_deletion(stack: Stack, resources: Sequence[Mapping[str, Any]]) -> None:
    before = kept(resources, KindCluster.token, "identity")
    if (kind := stack.values["cluster"].get("kind")) and before:
        kind_cluster.finish_deletion(kind["name"], kubeconfig.own(stack.folder), before)


def _found(stack: Stack) -> str:
    cluster = standing(stack)
    if not cluster:
        raise ClusterError(f"{stack.file} names no cluster", key="slipway:cluster")
    return identity.uid(cluster)


def _kind(stack: Stack, before: str | None, confirm: str | None) -> Left | None:
    """A kind cluster is of one machine: whether it is gone, only that machine knows."""
    name = stack.values["cluster"]["kind"]["name"]
    if not before:
        return None
    leaving = confirm == identity.word(stack.name)
    if kind_cluster.there(name):
        kind_cluster.write_kubeconfig({"name": name, "kubeconfig_path": str(kubeconfig.own(stack.folder))})
        if (found := _uid_of_kind(stack)) in (None, before):
            return None
        if leaving:
            return Left(f"{stack.name} leaves the kind cluster {before}")
        identity.require(before, str(found), stack.name, f"the kind cluster {name} of this machine")
    if kind_cluster.made_here(kubeconfig.own(stack.folder), before):
        return Left(f"the kind cluster {name} is gone")
    if leaving:
        return Left(f"{stack.name} leaves the kind cluster {name}")
    raise SlipwayError(
        kind_cluster.absent(name), remedy=f"or: make up STACK={stack.name} CONFIRM={identity.word(stack.name)}"
    )


def _uid_of_kind(stack: Stack) -> str | None:
    """None for one that does not answer: it may be broken, and is to be destroyed."""
    try:
        return identity.uid(Cluster.at(str(kubeconfig.own(stack.folder)), None))
    except ClusterError:
        return None
