"""Images and registries, by the grammar of https://pkg.go.dev/github.com/distribution/reference."""

from components.settings.addresses import split_address
from components.settings.text import text

_PART = r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*"
_NAME = rf"{_PART}(/{_PART})*"
_HOST_PART = r"[A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?"
_HOST = rf"({_HOST_PART}(\.{_HOST_PART})*|\[[0-9a-fA-F:]+\])(:[0-9]{{1,5}})?"
# A first part is a host when it cannot be a user of Docker Hub.
_REGISTRY = rf"(?=localhost\b|[^/]*[.:\[])(?![^/]*[A-Z]){_HOST}"
_TAG = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"
_DIGEST = r"sha256:[0-9a-f]{64}"


def _port(registry: str) -> None:
    _, port = split_address(registry)
    if port and not 1 <= int(port) <= 65535:
        raise ValueError("a port is a number from 1 to 65535")


def _registry_port(value: str) -> None:
    _port(value.removeprefix("oci://").partition("/")[0])


def _image_port(value: str) -> None:
    first, slash, _ = value.partition("/")
    if slash and (set(".:[") & set(first)):
        _port(first)


def _fixed_tag(value: str) -> None:
    name, _, digest = value.partition("@")
    if not digest and name.rpartition("/")[2].partition(":")[2] == "latest":
        raise ValueError("latest is another image every week; write a tag that stays, or a digest")


# Without a dot or a port the first part is a user of Docker Hub.
PushAddress = text(
    rf"({_REGISTRY}(/{_NAME})?|{_NAME})",
    200,
    "host[:port][/path] without a scheme, such as registry.example.com/team",
    _registry_port,
)
RegistryAddress = text(
    rf"{_REGISTRY}(/{_NAME})?",
    200,
    "host[:port][/path] without a scheme, such as registry.example.com/team; without a dot or a port it is no host",
    _registry_port,
)
RegistryHost = text(rf"{_REGISTRY}", 200, "a registry's host[:port], such as quay.io", _registry_port)
OciFolder = text(rf"oci://{_REGISTRY}(/{_NAME})?", 200, "oci://host[:port][/path]", _registry_port)
Image = text(
    rf"({_HOST}/)?{_NAME}(:{_TAG}(@{_DIGEST})?|@{_DIGEST})",
    500,
    "<registry>/<name>:<tag>, with @sha256:<64 hexadecimal digits> behind it or in its place",
    _image_port,
    _fixed_tag,
)
ImageDigest = text(
    rf"({_HOST}/)?{_NAME}(:{_TAG})?@{_DIGEST}",
    500,
    "<registry>/<name>@sha256:<64 hexadecimal digits>: a tag alone can move",
    _image_port,
)
ContentDigest = text(_DIGEST, 71, "sha256:<64 hexadecimal digits>; `python -m tools pin` writes it")
