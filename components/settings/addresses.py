"""Host names, URLs and e-mail addresses, as those read them who are handed them."""

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

from components.settings.text import text

_PART = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_HOST = rf"{_PART}(\.{_PART})*"
_NAME = re.compile(rf"{_HOST}\.?", re.ASCII | re.IGNORECASE)
# Of the cluster itself: Istio and CoreDNS answer there.
_CLUSTER = ("svc", "cluster.local")
# Names that no public authority knows (RFC 2606, RFC 6761, RFC 6762, RFC 8375, ICANN's .internal).
_PRIVATE = ("localhost", "internal", "local", "lan", "home.arpa", "test", "invalid", "corp", "home", "intranet")


def _labels(value: str) -> None:
    if any(len(label) > 63 for label in value.split(".")):
        raise ValueError("a part between two dots has more than 63 characters; write at most that")


def _no_cluster_name(value: str) -> None:
    if any(value == name or value.endswith(f".{name}") for name in _CLUSTER):
        raise ValueError("a name of the cluster's own Services; write one that clients outside of it can have")


def _no_address(value: str) -> None:
    if value.rpartition(".")[2].isdigit():
        raise ValueError("an IP address has no names below it; write a host name, such as models.example.com")


def is_public(host: str) -> bool:
    """Whether a public certificate authority may sign for it: a name with a dot, below a public top level."""
    return (
        not is_address(host) and "." in host and host.rpartition(".")[2] not in _PRIVATE and not host.endswith(_PRIVATE)
    )


def is_address(host: str) -> bool:
    """Whether it is an IP address, in brackets or not."""
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Whether it is this machine, so that no network is on the way."""
    name = host.strip("[]").rstrip(".").lower()
    if is_address(name):
        return ipaddress.ip_address(name).is_loopback
    return name == "localhost" or name.endswith(".localhost")


def split_address(value: str) -> tuple[str, str]:
    """`host:port` as its two parts, the port empty where there is none; an IPv6 address stands in brackets."""
    if value.startswith("["):
        host, _, rest = value.partition("]")
        return f"{host}]", rest.removeprefix(":")
    host, _, port = value.partition(":")
    return host, port


def _port(text_of_port: str) -> None:
    if not 1 <= int(text_of_port) <= 65535:
        raise ValueError("a port is a number from 1 to 65535")


def _host_and_port(value: str) -> None:
    host, port = split_address(value)
    if port:
        _port(port)
    if host.startswith("[") and not is_address(host):
        raise ValueError("there is no IPv6 address in the brackets; write host:port")
    if not host.startswith("["):
        _plain_host(host)


def _plain_host(host: str) -> None:
    if host.rpartition(".")[2].isdigit() and not is_address(host):
        raise ValueError("neither a host name nor an IP address; write one of them")
    _labels(host)


def split_url(value: str) -> SplitResult:
    """The parts of a URL. Raises ValueError, without a word of the URL, for one that has no host or a wrong port."""
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError("its port is not a number from 1 to 65535; write one, or leave it out") from None
    if parts.port == 0:
        raise ValueError("its port is not a number from 1 to 65535; write one, or leave it out")
    if not host or not (_NAME.fullmatch(host) or is_address(host)):
        raise ValueError("a URL without a host name; write one, such as https://example.com")
    _plain_host(host)
    return parts


def url_of_server(value: str) -> None:
    """Raises ValueError unless the URL has a host, a possible port and nothing secret."""
    parts = split_url(value)
    if parts.username is not None or parts.password is not None:
        raise ValueError("credentials in a URL are not kept secret; write the URL without them")
    if parts.fragment or "#" in value:
        raise ValueError("a server never gets what follows the #; remove it")


def _no_query(value: str) -> None:
    if "?" in value:
        raise ValueError("it has a query after the ?; write the URL without it")


def _no_repeated_at(value: str) -> None:
    local, _, host = value.rpartition("@")
    if ".." in value or local.startswith(".") or local.endswith(".") or len(local) > 64:
        raise ValueError("not an e-mail address; write one, such as platform@example.com")
    _labels(host)
    _no_address(host)


_URL_FORM = "a URL that begins with http:// or https://"
Domain = text(
    _HOST, 180, "a host name in lower case, such as models.example.com", _labels, _no_address, _no_cluster_name
)
# Istio reads a host without a dot as the short name of a Service.
Host = text(
    rf"{_PART}(\.{_PART})+",
    180,
    "a host name with a dot, such as mlflow.example.com",
    _labels,
    _plain_host,
    _no_cluster_name,
)
# As Istio takes hosts: one, or all that end so.
HostPattern = text(
    rf"(\*\.)?{_HOST}", 180, "a host name such as app.example.com, or *.example.com", _labels, _plain_host
)
HostAndPort = text(
    rf"({_HOST}|\[[0-9a-fA-F:.]+\]):[0-9]{{1,5}}",
    260,
    "host:port without a scheme, such as 127.0.0.1:8080",
    _host_and_port,
)
HttpUrl = text(r"https?://[^\s\\<>\"{}|^`]+", 500, _URL_FORM, url_of_server, shown=False)
BaseUrl = text(r"https?://[^\s\\<>\"{}|^`]+", 500, _URL_FORM, url_of_server, _no_query, shown=False)
SecureUrl = text(r"https://[^\s\\<>\"{}|^`]+", 500, "a URL that begins with https://", url_of_server, shown=False)
Email = text(
    rf"[A-Za-z0-9.!#$%&'*+/=?^_{{|}}~-]+@{_PART}(\.{_PART})+".replace("a-z0-9]", "A-Za-z0-9]"),
    254,
    "an e-mail address, such as platform@example.com",
    _no_repeated_at,
    shown=False,
)  # fmt: skip


def _bucket_host(value: str) -> None:
    parts = urlsplit(value)
    if parts.scheme in ("http", "https"):
        url_of_server(value)


# https://www.pulumi.com/docs/iac/concepts/state-and-backends/
Backend = text(
    r"(file://(~|\.{1,2}|[^\s:]*)?(/\S*)?|(s3|gs)://[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]([/?]\S*)?"
    r"|azblob://[a-z0-9$][a-z0-9-]{2,62}([/?]\S*)?|https?://\S+)",
    500,
    "where Pulumi keeps the state: s3://bucket, gs://bucket, azblob://container, file://folder or https://api.pulumi.com",
    _bucket_host,
    shown=False,
)
