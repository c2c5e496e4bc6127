"""The cluster of a stack, and what this machine needs to speak to it and to the state."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from components.clients.cluster_api import ClusterError
from components.errors import SlipwayError
from tools.doctor.result import Result, fault, note, ok
from tools.engine.backend import environment
from tools.engine.cluster import standing
from tools.engine.stack import Stack
from tools.upgrades.rules import Versions, kubernetes
from tools.upgrades.versions import Version


def backend(stack: Stack, given: Mapping[str, str] = os.environ) -> Result:
    """Where the state is, and whether its secrets can be read."""
    about = "state"
    try:
        env = environment(stack, stack.content, given)
    except SlipwayError as error:
        return fault(about, error.message, error.remedy or "see docs/pull-requests.md")
    file = env.get("PULUMI_CONFIG_PASSPHRASE_FILE")
    if file and not Path(file).is_file():
        return fault(about, f"PULUMI_CONFIG_PASSPHRASE_FILE names {file}, which is not there", "name the right file")
    where = env["PULUMI_BACKEND_URL"]
    if where.startswith("s3://") and not any(key.startswith("AWS_") for key in given) and not _aws_file():
        return note(about, f"{where}: no AWS credentials are seen here", "`aws configure sso`, or AWS_PROFILE")
    return ok(about, where)


def _aws_file() -> bool:
    return any((Path.home() / ".aws" / name).is_file() for name in ("credentials", "config"))


def existing(stack: Stack, want: Versions) -> tuple[dict[str, Version], list[Result]]:
    """A cluster that is there: its version, and what that means for each part."""
    about = "cluster"
    try:
        cluster = standing(stack)
    except (ClusterError, OSError) as error:
        said = error.message if isinstance(error, SlipwayError) else str(error)
        return {}, [fault(about, said, "look at slipway:cluster.existing, or log in to the cluster again")]
    if not cluster:
        return {}, []
    version = Version.parse((cluster.get("/version") or {}).get("gitVersion", ""))
    have = {"kubernetes": version}
    return have, [ok(about, f"Kubernetes {version}"), *matrix(version, want), *_architectures(cluster)]


def matrix(version: Version, want: Versions) -> Iterator[Result]:
    """What each part runs on, against the cluster's version."""
    for each in kubernetes({"kubernetes": version}, want):
        state = fault if each.refused else note
        yield state(f"Kubernetes {version.line}", each.text, f"write another: slipway:{each.key}")


def _architectures(cluster: Any) -> Iterator[Result]:
    nodes = cluster.get("/api/v1/nodes") or {}
    found = sorted({each["status"]["nodeInfo"]["architecture"] for each in nodes.get("items", ())})
    if len(found) > 1:
        yield note("nodes", f"are {' and '.join(found)}", "every image must be for both: see the images below")
    elif found:
        yield ok("nodes", found[0])
