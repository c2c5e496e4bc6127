"""HTTPS to a host that is reached at another address, trusted by a certificate authority of its own."""

import functools
import http.client
import socket
import ssl
import urllib.request
from typing import Any


def context(ca: str) -> ssl.SSLContext:
    """Trust in `ca` (PEM) alone; "" trusts what this machine trusts."""
    return ssl.create_default_context(cadata=ca or None)


def origin(host: str, address: str | None) -> str:
    """`https://host`, with the port of the address that it is reached at."""
    port = split(address)[1] if address else 443
    return f"https://{host}" + (f":{port}" if port != 443 else "")


def split(address: str) -> tuple[str, int]:
    """`host:port` as a pair; without a port it is 443."""
    host, _, port = address.rpartition(":") if ":" in address else (address, "", "443")
    return host, int(port)


@functools.lru_cache(maxsize=8)
def opener(ca: str = "", address: str | None = None) -> urllib.request.OpenerDirector:
    """As `urllib.request.build_opener`; every https:// host is connected to at `address` (host:port), if given.

    The host's own name stays what the server is asked for, in TLS and in HTTP, and what its certificate must name.
    One for each trust and address: reading what this machine trusts takes longer than most requests.
    """
    return urllib.request.build_opener(_Handler(context(ca), split(address) if address else None))


class _Handler(urllib.request.HTTPSHandler):
    def __init__(self, trust: ssl.SSLContext, address: tuple[str, int] | None) -> None:
        super().__init__(context=trust)
        self._trust, self._address = trust, address

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(self._connection, req)

    def _connection(self, host: str, **options: Any) -> http.client.HTTPSConnection:
        if not self._address:
            return http.client.HTTPSConnection(host, context=self._trust, **options)
        return _ConnectionAt(host, self._address, self._trust, **options)


class _ConnectionAt(http.client.HTTPSConnection):
    def __init__(self, host: str, address: tuple[str, int], trust: ssl.SSLContext, **options: Any) -> None:
        super().__init__(host, context=trust, **options)
        self._address, self._trust = address, trust

    def connect(self) -> None:
        plain = socket.create_connection(self._address, self.timeout)
        self.sock = self._trust.wrap_socket(plain, server_hostname=self.host)
