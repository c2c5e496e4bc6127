"""What the platform's projects allow when a version changes: one function a rule, each with its source.

A rule takes what is there (None where it is new) and what is wanted, and yields what it finds.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from components.settings import parts
from components.settings.versions import CHARTS
from tools.upgrades.versions import CLUSTERED, Version

Versions = Mapping[str, Version]


@dataclass(frozen=True)
class Finding:
    """`refused` stops an `up`; the rest is good to know before one. `key` is what to change in the stack file."""

    key: str
    text: str
    refused: bool

    def __str__(self) -> str:
        return f"{'refused' if self.refused else 'note'}: slipway:{self.key}: {self.text}"


def findings(have: Versions, want: Versions) -> list[Finding]:
    """All that the rules say; both by the keys of the pins, with knative-serving and kubernetes."""
    rules = (knative, knative_carried, kserve, istio, istio_parts, cert_manager, kubernetes, postgres, mlflow)
    return [found for rule in rules for found in rule(have, want)]


def _step(have: Version, want: Version) -> int:
    """Minor versions from one to the other; another major version is as far as can be."""
    return want.minor - have.minor if have.major == want.major else (100 if want > have else -100)


def knative(have: Versions, want: Versions) -> Iterator[Finding]:
    """knative/operator, pkg/reconciler/common/releases.go: below 2 minor versions apart, else it does nothing."""
    there, wanted = have.get("knative-serving"), want.get("knative-serving")
    if there and wanted and abs(step := _step(there, wanted)) >= 2:
        between = f"{there.major}.{there.minor + (1 if step > 0 else -1)}"
        yield Finding(
            "knativeServing.version",
            f"Knative Serving is {there}, and its operator does not go to {wanted}: one minor version at a time. Write "
            f'"{between}", `make up`, then go on; the operator (slipway:charts.knative-operator) must carry each',
            refused=True,
        )


def knative_carried(_have: Versions, want: Versions) -> Iterator[Finding]:
    """knative.dev/docs/install/upgrade: an operator carries its own minor version and the three before it."""
    operator, wanted = want.get("knative-operator"), want.get("knative-serving")
    if operator and wanted and not 0 <= _step(wanted, operator) <= 3:
        lowest = f"{operator.major}.{operator.minor - 3}"
        yield Finding(
            "knativeServing.version",
            f"the operator {operator} carries Knative Serving {lowest} to {operator.line}, not {wanted}; write one of "
            "them, or another slipway:charts.knative-operator.version",
            refused=True,
        )


def kserve(have: Versions, want: Versions) -> Iterator[Finding]:
    """kserve.github.io/website/docs/install/upgrade-guide: 0.17 split and renamed the charts."""
    there, wanted, split = have.get("kserve-resources"), want.get("kserve-resources"), Version(0, 17)
    if there and wanted and (there < split <= wanted or wanted < split <= there):
        yield Finding(
            "charts.kserve-resources.version",
            f"KServe {there} -> {wanted} crosses 0.17, which split and renamed its charts: that is a migration by hand "
            "(kserve.github.io/website/docs/install/upgrade-guide), and a `helm upgrade` would break it",
            refused=True,
        )
    elif there and wanted and abs(_step(there, wanted)) > 1:
        yield Finding(
            "charts.kserve-resources.version",
            f"KServe {there} -> {wanted} skips a minor version; each has breaking changes of its own: read the upgrade "
            "guide of every one, or go one at a time",
            refused=False,
        )
    crd, resources = want.get("kserve-crd"), want.get("kserve-resources")
    if crd and resources and crd != resources:
        yield Finding(
            "charts.kserve-crd.version", f"{crd}, while kserve-resources is {resources}; write the same", refused=True
        )


def istio(have: Versions, want: Versions) -> Iterator[Finding]:
    """istio.io/latest/docs/setup/upgrade: in place one minor version is tested, and never more than two."""
    there, wanted = have.get("istiod"), want.get("istiod")
    if not there or not wanted:
        return
    step = _step(there, wanted)
    if abs(step) > 2 or step == -2:
        between = f"{there.major}.{there.minor + (1 if step > 0 else -1)}"
        yield Finding(
            "charts.istiod.version",
            f"Istio {there} -> {wanted} is more than Istio allows in one step; go by {between} first",
            refused=True,
        )
    elif step == 2:
        yield Finding(
            "charts.istiod.version",
            f"Istio {there} -> {wanted} skips a minor version: allowed, while only one at a time is tested in place",
            refused=False,
        )


def istio_parts(_have: Versions, want: Versions) -> Iterator[Finding]:
    """istio.io/latest/docs/releases/supported-releases: the gateway may be older than istiod, never newer."""
    istiod, base, gateway = (want.get(key) for key in ("istiod", "istio-base", "istio-gateway"))
    if istiod and base and base.line != istiod.line:
        yield Finding(
            "charts.istio-base.version", f"{base} brings other kinds than istiod {istiod} reads; write the same", True
        )
    if istiod and gateway and not 0 <= _step(gateway, istiod) <= 2:
        yield Finding(
            "charts.istio-gateway.version",
            f"a gateway {gateway} does not go with istiod {istiod}: at most two minor versions older, none newer",
            refused=True,
        )


def cert_manager(have: Versions, want: Versions) -> Iterator[Finding]:
    """cert-manager.io/docs/installation/upgrade: one minor version at a time is recommended."""
    there, wanted = have.get("cert-manager"), want.get("cert-manager")
    if there and wanted and abs(_step(there, wanted)) > 1:
        yield Finding(
            "charts.cert-manager.version",
            f"cert-manager {there} -> {wanted} skips a minor version; one at a time is what it recommends",
            refused=False,
        )


def kubernetes(have: Versions, want: Versions) -> Iterator[Finding]:
    """The cluster's own version against what each part runs on."""
    cluster = have.get("kubernetes")
    for part in parts.PARTS:
        wanted = want.get(part.version_of)
        if not cluster or not wanted or wanted.line not in part.kubernetes:
            continue
        lowest, highest = part.kubernetes[wanted.line]
        key = f"charts.{part.version_of}.version" if part.version_of in CHARTS else "knativeServing.version"
        if cluster < Version.parse(lowest):
            yield Finding(key, f"{wanted} needs Kubernetes {lowest}, and the cluster is {cluster.line}", refused=True)
        elif highest and cluster.line != highest and cluster > Version.parse(highest):
            yield Finding(key, f"{wanted} is tested up to Kubernetes {highest}; the cluster is {cluster.line}", False)


def postgres(have: Versions, want: Versions) -> Iterator[Finding]:
    """postgresql.org/docs/current/upgrading.html: a major version does not read another one's data folder.

    CloudNativePG can turn the folder over (from 1.26 on, with every instance down), but never back, and without the
    backups of before.
    """
    for key, wanted in want.items():
        image, there = key.partition(" ")[0], have.get(key)
        if image in ("postgres", CLUSTERED) and there and there.major != wanted.major:
            yield Finding(
                f"images.{image}",
                f"PostgreSQL {there.major} -> {wanted.major}: the new server does not start on the old one's data. "
                "`make backup` first, let the new one begin empty, then `make restore` (docs/upgrades.md)",
                refused=True,
            )


def mlflow(have: Versions, want: Versions) -> Iterator[Finding]:
    """mlflow.org/docs/latest/self-hosting/migration: `mlflow db upgrade` has no way back."""
    there, wanted = have.get("mlflow"), want.get("mlflow")
    if not there or not wanted or there.line == wanted.line:
        return
    if wanted < there:
        yield Finding(
            "images.mlflow",
            f"MLflow {there} -> {wanted}: its database was migrated by the newer one and has no way back; restore a "
            "backup of before",
            refused=True,
        )
    else:
        yield Finding(
            "images.mlflow",
            f"MLflow {there} -> {wanted} migrates its database when it starts, without a way back: take a backup first",
            refused=False,
        )
