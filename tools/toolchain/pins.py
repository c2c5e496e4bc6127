"""Every tool with its version, where it is published, and how it is built where that cannot be reached.

The checksums of the published files are in `checksums.txt`; `python -m tools tools --pin` writes it.
"""

import platform
from dataclasses import dataclass
from pathlib import Path

# The one that was run here with the Kubernetes provider below.
# renovate: datasource=github-releases depName=pulumi/pulumi extractVersion=^v(?<version>.+)$
_PULUMI = "3.250.0"
# The newest whose module can be built. From 4.29 on an object that is there already is an error, and no longer adopted.
# renovate: datasource=github-releases depName=pulumi/pulumi-kubernetes extractVersion=^v(?<version>.+)$
_PROVIDER = "4.25.0"
# The minor of the kind node, and the one that KServe is tested with.
# renovate: datasource=github-releases depName=kubernetes/kubernetes extractVersion=^v(?<version>.+)$
_KUBERNETES = "1.34.4"
# Of the minor that Kubernetes 1.34 is built against (its go.mod: 3.6.4); the patch that was run here with it.
# renovate: datasource=github-releases depName=etcd-io/etcd extractVersion=^v(?<version>.+)$
_ETCD = "3.6.8"
# renovate: datasource=github-releases depName=kubernetes-sigs/kwok extractVersion=^v(?<version>.+)$
_KWOK = "0.8.0"
# The one that the Kubernetes provider has built in: what is rendered is what is installed.
# renovate: datasource=github-releases depName=helm/helm extractVersion=^v(?<version>.+)$
_HELM = "3.18.6"
# renovate: datasource=github-releases depName=google/go-containerregistry extractVersion=^v(?<version>.+)$
_CRANE = "0.22.1"
_SDK = "github.com/pulumi/pulumi/sdk/v3"

ARCHITECTURES = ("amd64", "arm64")
ARCH = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}.get(platform.machine(), "")
# The publishers have all of these for Linux only; elsewhere they are built.
PUBLISHED = platform.system() == "Linux" and bool(ARCH)

CHECKSUMS = Path(__file__).parent / "checksums.txt"


def _pinned() -> dict[str, str]:
    """SHA-256 by URL."""
    lines = (line.split() for line in CHECKSUMS.read_text().splitlines() if line and not line.startswith("#"))
    return {url: sha256 for sha256, url in lines}


PINNED = _pinned()


@dataclass(frozen=True, kw_only=True)
class Download:
    """A published file: a program as it is, or a .tar.gz with programs in it.

    `sha256` is pinned, or None where it could not be read yet. `checksum` is a text of the publisher's that has it
    (alone, or on a line with the file's name), or GitHub's description of a release, with one for each of its files.
    """

    url: str
    checksum: str
    sha256: str | None = None

    @property
    def file_name(self) -> str:
        return self.url.rpartition("/")[2]


@dataclass(frozen=True, kw_only=True)
class Copied:
    """A file that is taken out of a Go module as it is."""

    module: str
    path: str


@dataclass(frozen=True, kw_only=True)
class Build:
    """A folder of `modules/` (go.mod and go.sum) and what is built in it; `minutes` on two cores from nothing."""

    folder: str
    packages: tuple[str, ...]
    minutes: int
    ldflags: str = ""
    copied: tuple[Copied, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Tool:
    name: str
    version: str
    # The programs, as they are called in .tools/bin.
    makes: tuple[str, ...]
    downloads: tuple[Download, ...]
    builds: tuple[Build, ...]


def _download(url: str, checksum: str) -> Download:
    return Download(url=url, checksum=checksum, sha256=PINNED.get(url))


def _kubernetes(name: str, arch: str) -> Download:
    url = f"https://dl.k8s.io/v{_KUBERNETES}/bin/linux/{arch}/{name}"
    return _download(url, f"{url}.sha256")


def _github(repository: str, tag: str, file: str) -> Download:
    return _download(
        f"https://github.com/{repository}/releases/download/{tag}/{file}",
        f"https://api.github.com/repos/{repository}/releases/tags/{tag}",
    )


_KUBERNETES_PROGRAMS = ("kube-apiserver", "kube-controller-manager", "kubectl")
_KUBERNETES_VERSION = " ".join(
    f"-X {package}.{name}={value}"
    for package in ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
    for name, value in {
        "gitVersion": f"v{_KUBERNETES}",
        "gitMajor": "1",
        "gitMinor": "34",
        "gitTreeState": "clean",
    }.items()
)


def tools(arch: str) -> tuple[Tool, ...]:
    """What `make tools` gets on a machine of that architecture."""
    return (
        Tool(
            name="kwok",
            version=_KWOK,
            makes=("kwok",),
            downloads=(_github("kubernetes-sigs/kwok", f"v{_KWOK}", f"kwok-linux-{arch}"),),
            builds=(Build(folder="kwok", packages=("sigs.k8s.io/kwok/cmd/kwok",), minutes=3),),
        ),
        Tool(
            name="etcd",
            version=_ETCD,
            makes=("etcd",),
            downloads=(
                _download(
                    f"https://github.com/etcd-io/etcd/releases/download/v{_ETCD}/etcd-v{_ETCD}-linux-{arch}.tar.gz",
                    f"https://github.com/etcd-io/etcd/releases/download/v{_ETCD}/SHA256SUMS",
                ),
            ),
            builds=(Build(folder="etcd", packages=("slipway/tools/etcd",), minutes=2),),
        ),
        Tool(
            name="pulumi",
            version=_PULUMI,
            makes=(
                "pulumi",
                "pulumi-language-python",
                "pulumi-language-python-exec",
                "pulumi-resource-pulumi-python",
                "pulumi-analyzer-policy-python",
            ),
            downloads=(
                _download(
                    f"https://get.pulumi.com/releases/sdk/pulumi-v{_PULUMI}-linux-"
                    f"{'x64' if arch == 'amd64' else arch}.tar.gz",
                    f"https://get.pulumi.com/releases/sdk/pulumi-{_PULUMI}-checksums.txt",
                ),
            ),
            builds=(
                Build(
                    folder="pulumi",
                    packages=("github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",),
                    ldflags=f"-X {_SDK}/go/common/version.Version=v{_PULUMI}",
                    minutes=5,
                ),
                # The last Python host that was published as a module; it speaks to every later CLI.
                Build(
                    folder="pulumi-python",
                    packages=(f"{_SDK}/python/cmd/pulumi-language-python",),
                    minutes=1,
                    copied=(
                        Copied(module=_SDK, path="python/cmd/pulumi-language-python-exec"),
                        Copied(module=_SDK, path="python/dist/pulumi-resource-pulumi-python"),
                        Copied(module=_SDK, path="python/dist/pulumi-analyzer-policy-python"),
                    ),
                ),
            ),
        ),
        Tool(
            name="kubernetes",
            version=_KUBERNETES,
            makes=_KUBERNETES_PROGRAMS,
            downloads=tuple(_kubernetes(name, arch) for name in _KUBERNETES_PROGRAMS),
            builds=(
                Build(
                    folder="kubernetes",
                    packages=tuple(f"k8s.io/kubernetes/cmd/{name}" for name in _KUBERNETES_PROGRAMS),
                    ldflags=_KUBERNETES_VERSION,
                    minutes=9,
                ),
            ),
        ),
        Tool(
            name="kubernetes-provider",
            version=_PROVIDER,
            makes=("pulumi-resource-kubernetes",),
            downloads=(
                _github(
                    "pulumi/pulumi-kubernetes",
                    f"v{_PROVIDER}",
                    f"pulumi-resource-kubernetes-v{_PROVIDER}-linux-{arch}.tar.gz",
                ),
            ),
            builds=(
                Build(
                    folder="kubernetes-provider",
                    packages=("slipway/tools/pulumi-resource-kubernetes",),
                    ldflags=f"-X main.version={_PROVIDER}",
                    minutes=11,
                ),
            ),
        ),
    )


_CRANE_RELEASE = f"https://github.com/google/go-containerregistry/releases/download/v{_CRANE}"


def _helm(arch: str) -> Tool:
    return Tool(
        name="helm",
        version=_HELM,
        makes=("helm",),
        downloads=(
            _download(
                f"https://get.helm.sh/helm-v{_HELM}-linux-{arch}.tar.gz",
                f"https://get.helm.sh/helm-v{_HELM}-linux-{arch}.tar.gz.sha256sum",
            ),
        ),
        builds=(
            Build(
                folder="helm",
                packages=("helm.sh/helm/v3/cmd/helm",),
                ldflags=f"-X helm.sh/helm/v3/internal/version.version=v{_HELM}",
                minutes=3,
            ),
        ),
    )


def _crane(arch: str) -> Tool:
    return Tool(
        name="crane",
        version=_CRANE,
        makes=("crane",),
        downloads=(
            _download(
                f"{_CRANE_RELEASE}/go-containerregistry_Linux_{'x86_64' if arch == 'amd64' else arch}.tar.gz",
                f"{_CRANE_RELEASE}/checksums.txt",
            ),
        ),
        builds=(
            Build(
                folder="crane",
                packages=("github.com/google/go-containerregistry/cmd/crane",),
                ldflags=f"-X github.com/google/go-containerregistry/cmd/crane/cmd.Version=v{_CRANE}",
                minutes=1,
            ),
        ),
    )


def on_demand(arch: str) -> tuple[Tool, Tool]:
    """What is got when a command needs it, not by `make tools`."""
    return _helm(arch), _crane(arch)


TOOLS = tools(ARCH)
ON_DEMAND = HELM, CRANE = on_demand(ARCH)
