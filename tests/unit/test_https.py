"""A host behind a gateway is asked by its own name, wherever it is reached, and must prove it."""

import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.error import URLError

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from components.clients import https
from components.dynamic.prediction import Access, Refused, predict, request
from tests.unit.test_prediction import answer, props

HOST = "wine-models.slipway.localhost"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a key and a certificate for HOST, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    file.write_bytes(key.private_bytes(*form) + signed.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.fixture(scope="module")
def ca(certificate: Path) -> str:
    return "-----BEGIN CERTIFICATE" + certificate.read_text().partition("-----BEGIN CERTIFICATE")[2]


@contextmanager
def served(certificate: Path, key: str = "", refusals: int = 0) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A TLS server that answers as the model to the bearer of `key`; yields its address and what it was asked."""
    asked: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            asked.append({"host": self.headers["Host"], "key": self.headers["Authorization"], "name": names[-1]})
            known = len(asked) > refusals and (not key or self.headers["Authorization"] == f"Bearer {key}")
            self.send_response(200 if known else 403)
            self.end_headers()
            self.wfile.write(json.dumps(answer()[1]).encode() if known else b"RBAC: access denied")

        def log_message(self, *_: Any) -> None:
            pass

    names: list[str] = []
    trust = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trust.load_cert_chain(certificate)
    trust.sni_callback = lambda _socket, name, _context: names.append(name)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = trust.wrap_socket(server.socket, server_side=True)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()


def test_a_host_is_asked_by_its_name_at_the_gateways_address(certificate: Path, ca: str) -> None:
    with served(certificate) as (address, asked):
        got = predict(props(address, host=HOST, tls=True, ca=ca, ca_file=".slipway/dev/ca.crt"))
    port = address.partition(":")[2]
    assert asked == [{"host": HOST, "key": None, "name": HOST}]
    assert got["url"] == f"https://{HOST}:{port}/v2/models/mlflow-model/infer"
    assert got["curl"].startswith(
        f"curl -sS --cacert .slipway/dev/ca.crt --connect-to {HOST}:{port}:127.0.0.1:{port} -H 'Content-Type"
    )


def test_a_certificate_of_another_name_is_no_answer(certificate: Path, ca: str) -> None:
    with served(certificate) as (address, asked), pytest.raises(TimeoutError, match="Hostname mismatch"):
        predict(props(address, host="other-models.slipway.localhost", tls=True, ca=ca, seconds=0.0))
    assert not asked


def test_a_certificate_that_nobody_vouches_for_is_no_answer(certificate: Path) -> None:
    with served(certificate) as (address, _), pytest.raises(URLError, match="self-signed certificate"):
        https.opener("", address).open(f"https://{HOST}/")


def test_the_gates_key_goes_along_and_never_into_the_command(certificate: Path, ca: str) -> None:
    with served(certificate, key="k3y") as (address, asked):
        got = predict(props(address, host=HOST, tls=True, ca=ca, ca_file="ca.crt", key="k3y"))
    assert asked[0]["key"] == "Bearer k3y"
    assert '-H "Authorization: Bearer $SLIPWAY_KEY"' in got["curl"]
    assert "k3y" not in got["curl"] + got["answer"] + got["url"]


def test_a_key_that_the_gateway_does_not_know_yet_is_waited_for(certificate: Path, ca: str) -> None:
    with served(certificate, key="k3y", refusals=2) as (address, asked):
        predict(props(address, host=HOST, tls=True, ca=ca, ca_file="ca.crt", key="k3y"))
    assert len(asked) == 3


def test_without_a_key_a_refusal_is_the_answer(certificate: Path, ca: str) -> None:
    with served(certificate, key="k3y") as (address, _), pytest.raises(Refused, match="403: RBAC: access denied"):
        request(f"https://{HOST}/v2", HOST, {"inputs": []}, Access(address=address, ca=ca))


@pytest.mark.parametrize(
    ("address", "origin"),
    [(None, "https://a.test"), ("10.0.0.1:443", "https://a.test"), ("10.0.0.1:8443", "https://a.test:8443")],
)
def test_an_origin_has_the_port_of_the_address(address: str | None, origin: str) -> None:
    assert https.origin("a.test", address) == origin


def test_what_this_machine_trusts_is_read_once_for_many_requests() -> None:
    assert https.opener() is https.opener()
    assert https.opener("", "127.0.0.1:1") is not https.opener("", "127.0.0.1:2")
