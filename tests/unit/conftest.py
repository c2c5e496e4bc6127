"""What several tests of this folder ask."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from tests.unit.http_server import served_by

UNKNOWN = b'{"error_code": "INVALID_PARAMETER_VALUE", "message": "no such alias"}'


@pytest.fixture
def registry() -> Iterator[str]:
    """MLflow's alias call, for one alias."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = self.path == "/api/2.0/mlflow/registered-models/alias?name=wine&alias=champion"
            self.send_response(200 if known else 404)
            self.end_headers()
            self.wfile.write(b'{"model_version": {"version": "7"}}' if known else UNKNOWN)

        def log_message(self, *_: Any) -> None:
            pass

    with served_by(Handler) as address:
        yield f"http://{address}"
