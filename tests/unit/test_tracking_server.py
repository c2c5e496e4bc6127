"""The tracking server is asked by whoever may, and says what a version is."""

from base64 import b64encode
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from components.clients.tracking_server import TrackingServer
from components.settings.model_source import RegisteredModel
from tests.unit.http_server import served_by


def test_an_alias_is_the_version_that_the_server_says(registry: str) -> None:
    assert TrackingServer(uri=registry).version_of(RegisteredModel("wine", alias="champion")) == "7"


def test_an_alias_is_asked_for_by_a_user_where_the_server_has_some() -> None:
    class Guarded(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = self.headers["Authorization"] == f"Basic {b64encode(b'admin:s3cret').decode()}"
            self.send_response(200 if known else 401)
            self.end_headers()
            self.wfile.write(b'{"model_version": {"version": "7"}}' if known else b"not authenticated")

        def log_message(self, *_: Any) -> None:
            pass

    champion = RegisteredModel("wine", alias="champion")
    with served_by(Guarded) as address:
        assert TrackingServer(uri=f"http://{address}", username="admin", password="s3cret").version_of(champion) == "7"
        with pytest.raises(LookupError, match="not authenticated"):
            TrackingServer(uri=f"http://{address}").version_of(champion)


def test_a_gateway_that_has_no_server_behind_it_says_nothing_of_an_alias() -> None:
    class Gateway(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(503)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with served_by(Gateway) as address, pytest.raises(OSError, match="503 Service Unavailable"):
        TrackingServer(uri=f"http://{address}").version_of(RegisteredModel("wine", alias="champion"))


def test_a_version_asks_nobody() -> None:
    assert TrackingServer(uri="http://127.0.0.1:9").version_of(RegisteredModel("wine", version=3)) == "3"


def test_an_unknown_alias_is_named(registry: str) -> None:
    with pytest.raises(LookupError, match=r"has no models:/wine@challenger: .*no such alias"):
        TrackingServer(uri=registry).version_of(RegisteredModel("wine", alias="challenger"))
