"""Where each pin was last seen published, by people without a part in this project: `docs/versions.md` is made of it.

A sighting is public material that names exactly this version as one that is pulled, rendered or installed. Nothing here
is read when a stack is made.
"""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, kw_only=True)
class Sighting:
    """`where` is a thread, a release or what was searched; `tag` the very text that it names; `on` its date."""

    where: str
    tag: str
    on: date


_UPDATES = "https://github.com/entigolabs/entigo-infralib/pull"
_RENDERED = "https://github.com/linode/apl-core/pull"
# Found word by word in the files of several public repositories, whose newest were of the first days of October 2026.
_FILES, _SEARCHED = "files of several public repositories", date(2026, 10, 7)

# By the keys of CHARTS and IMAGES. A pin that is missing here was seen nowhere, and docs/versions.md says so.
SIGHTINGS = {
    "cert-manager": Sighting(
        where="https://github.com/ajaykumar4/cluster-template/pull/466", tag="v1.21.2", on=date(2026, 9, 11)
    ),
    "istio-base": Sighting(where=f"{_UPDATES}/1655", tag="1.30.4", on=date(2026, 8, 31)),
    "istiod": Sighting(where=f"{_UPDATES}/1657", tag="1.30.4", on=date(2026, 8, 31)),
    "istio-gateway": Sighting(where=f"{_UPDATES}/1656", tag="1.30.4", on=date(2026, 8, 31)),
    "istio-cni": Sighting(where=f"{_UPDATES}/1657", tag="1.30.4", on=date(2026, 8, 31)),
    "knative-operator": Sighting(where=f"{_RENDERED}/3613", tag="v1.23.0", on=date(2026, 9, 10)),
    "kserve-crd": Sighting(where="https://github.com/grycap/oscar/pull/627", tag="v0.20.0", on=date(2026, 8, 10)),
    "kserve-resources": Sighting(where=f"{_RENDERED}/3497", tag="v0.20.0", on=date(2026, 9, 10)),
    "kserve-runtime-configs": Sighting(where=_FILES, tag="kserve-runtime-configs --version v0.20.0", on=_SEARCHED),
    "metrics-server": Sighting(where=_FILES, tag="metrics-server-3.14.0", on=_SEARCHED),
    "prometheus": Sighting(where=f"{_UPDATES}/1642", tag="29.27.0", on=date(2026, 8, 26)),
    "grafana": Sighting(
        where="https://github.com/grafana-community/helm-charts/tree/grafana-12.11.1",
        tag="grafana-12.11.1",
        on=date(2026, 8, 20),
    ),
    "prometheus-adapter": Sighting(
        where="https://github.com/prometheus-community/helm-charts/releases/tag/prometheus-adapter-5.3.0",
        tag="prometheus-adapter-5.3.0",
        on=date(2026, 2, 19),
    ),
    "keda": Sighting(
        where="https://github.com/kedacore/charts/releases/tag/v2.20.2", tag="v2.20.2", on=date(2026, 11, 26)
    ),
    "cloudnative-pg": Sighting(where=_FILES, tag="cloudnative-pg-0.29.1.tgz", on=_SEARCHED),
    "plugin-barman-cloud": Sighting(
        where="https://github.com/cloudnative-pg/charts/releases/tag/plugin-barman-cloud-v0.7.0",
        tag="plugin-barman-cloud-v0.7.0",
        on=date(2026, 6, 10),
    ),
    "kind-node": Sighting(
        where="https://github.com/kubernetes-sigs/kind/releases/tag/v0.33.0", tag="v1.34.11", on=date(2026, 9, 16)
    ),
    "registry": Sighting(where=_FILES, tag="registry:2", on=_SEARCHED),
    "postgres": Sighting(where=_FILES, tag="postgres:17", on=_SEARCHED),
    "postgres-cluster": Sighting(where=_FILES, tag="postgresql:17-standard-trixie", on=_SEARCHED),
    "minio": Sighting(where=_FILES, tag="pgsty/minio:RELEASE.2026-08-04T00-00-00Z and its digest", on=_SEARCHED),
    "versitygw": Sighting(where=_FILES, tag="versity/versitygw:v1.8.0", on=_SEARCHED),
    "volume-permissions": Sighting(where=_FILES, tag="busybox:1.37", on=_SEARCHED),
    **{
        f"python-{minor}": Sighting(where=_FILES, tag=f"python:{minor}-slim", on=_SEARCHED)
        for minor in ("3.9", "3.10", "3.11", "3.12", "3.13")
    },
}
