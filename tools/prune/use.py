"""Which images are in use, and which are this stack's."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from components.clients.process import run
from components.dynamic.model_files import ModelFiles
from components.errors import SlipwayError
from tools.environment import tools_first

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
# The pods, and whatever can start one.
_KINDS = ("pods", "deployments.apps", "jobs.batch", "cronjobs.batch", "inferenceservices.serving.kserve.io")
_REVISIONS = "revisions.serving.knative.dev"


def pushed(resources: Iterable[Mapping[str, Any]]) -> list[str]:
    """The full names, with tags, of the images that the stack built, from its state."""
    models = [each.get("outputs") or {} for each in resources if each["type"] == ModelFiles.token]
    return sorted(each["image"] for each in models if each.get("image"))


def mark_of(names: Iterable[str]) -> str:
    """What the stack's cluster puts at the end of its tags. Raises SlipwayError when nothing was built."""
    marks = {name.rpartition(":")[2].rpartition("-")[2] for name in names}
    if len(marks) != 1:
        raise SlipwayError(
            "the stack has built no image, or is in the middle of an `up`: there is nothing to compare with"
        )
    return marks.pop()


def digests(value: Any) -> set[str]:
    """Every digest that is named anywhere in `value`."""
    return set(_DIGEST.findall(json.dumps(value)))


def in_cluster(kubeconfig: str) -> set[str]:
    """The digests that the cluster runs or would run. Raises CommandFailed: without an answer nothing may go."""
    kubectl = ["kubectl", "--kubeconfig", kubeconfig]
    known = set(run([*kubectl, "api-resources", "--output", "name", "--cached=false"], env=tools_first()).split())
    found: set[str] = set()
    for kind in _KINDS:
        if kind in known:
            found |= digests([each for each in _listed(kubectl, kind) if not _of_revision(each)])
    if _REVISIONS in known:
        found |= digests([each for each in _listed(kubectl, _REVISIONS) if _routed(each)])
    return found


def _listed(kubectl: list[str], kind: str) -> list[dict[str, Any]]:
    command = [*kubectl, "get", kind, "--all-namespaces", "--output", "json"]
    return list(json.loads(run(command, env=tools_first(), timeout=120))["items"])


def _of_revision(each: Mapping[str, Any]) -> bool:
    """Whether it is a revision's Deployment: Knative keeps it, with no pods, for every revision that there ever was."""
    return any(owner["kind"] == "Revision" for owner in each["metadata"].get("ownerReferences", ()))


def _routed(revision: Mapping[str, Any]) -> bool:
    labels: Mapping[str, str] = revision["metadata"].get("labels", {})
    return labels.get("serving.knative.dev/routingState") != "reserve"
