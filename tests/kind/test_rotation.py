"""Keys, passwords and the authority of a guarded stack, turned over while its models are asked and people log runs.

The dev stack's own names, ports and override file (a mirror, a CA), with TLS, clients' keys and MLflow's users; it
refuses to start while a dev stack is up. MLflow's host, `mlflow.` before the stack's domain, must lead to this
machine. `-s` shows the figures.
"""

import base64
import contextlib
import json
import secrets
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from http import HTTPStatus
from typing import Any, TypeVar

import pytest

from components.clients import https
from components.dynamic.prediction import Access, request
from components.settings import Settings, parse_settings
from components.settings.ingress import OWN
from components.settings.merge import merged
from tests.kind.commands import engine, kubectl, override
from tests.kind.test_faults import NAME, WRITERS, Client, Load, repeated, settled, until
from tools import stack_file
from tools.engine.stack import Stack
from tools.key import key
from tools.predict import Served, served

pytestmark = pytest.mark.kind

T = TypeVar("T")
CLIENTS = ("shop", "reporting")
PERSON, PASSWORD = "person", secrets.token_urlsafe(24)


def settings() -> Settings:
    return parse_settings(stack_file.settings_of(stack_file.effective(stack_file.path_of("dev"))))


@pytest.fixture(scope="module")
def model(machine: None, own: dict[str, Any]) -> Iterator[Served]:  # noqa: ARG001
    """The guarded stack's."""
    host = f"mlflow.{settings().ingress.domain}"
    try:
        socket.getaddrinfo(host, None)
    except OSError:
        pytest.fail(f"{host} leads nowhere on this machine: MLflow's client asks for it, write it into /etc/hosts")
    auth = {"apiKeys": list(CLIENTS)}
    guarded = {
        "slipway:ingress": {"tls": {"issuer": {"selfSigned": {}}}, "auth": auth},
        "slipway:tracking": {"auth": True, "hosts": [host]},
        # The counts are written here, and not into the stack's own file.
        "slipway:rotations": {},
    }
    override(merged(own, guarded))
    engine("up")
    yield served(Stack("dev"), None)[0]
    engine("destroy")


def output(name: str) -> Any:
    return json.loads(engine("output", "--json", "--show-secrets"))[name]


def keys() -> dict[str, str]:
    return {name: key(Stack("dev"), name) for name in (*CLIENTS, OWN)}


def access(model: Served) -> Access:
    assert model.by
    return model.by


def secret(namespace: str, name: str, entry: str) -> str:
    data = json.loads(kubectl("--namespace", namespace, "get", "secret", name, "--output=json"))["data"]
    return base64.b64decode(data[entry]).decode()


def authority() -> str:
    """Who signed the certificate that the gateway is given."""
    found = settings()
    return secret(found.ingress.gateway.namespace, f"{found.namespaces.mark}-tls", "ca.crt")


def unknown_signer(error: urllib.error.URLError) -> bool:
    return isinstance(error.reason, ssl.SSLCertVerificationError)


class Trust:
    """Of a client: the authority that it was told of, and the next one from when the gateway is signed by that."""

    def __init__(self, ca: str) -> None:
        self.ca, self.told = ca, 0

    def asked(self, ask: Callable[[str], T]) -> T:
        try:
            return ask(self.ca)
        except urllib.error.URLError as error:
            if not unknown_signer(error):
                raise
        found = authority()
        if found not in self.ca:
            self.ca, self.told = f"{self.ca}\n{found}", self.told + 1
        return ask(self.ca)


class Asker(Load):
    """Asks with one key."""

    def __init__(self, model: Served, with_key: str) -> None:
        super().__init__(model, json.loads(output("models")[model.name]["example"])["outputs"])
        self.by = replace(access(model), key=with_key)
        self.trust = Trust(self.by.ca)

    def ask(self, body: dict[str, Any]) -> dict[str, Any]:
        return self.trust.asked(lambda ca: request(self.model.url, self.model.host, body, replace(self.by, ca=ca)))


@contextlib.contextmanager
def asking(askers: dict[str, Asker]) -> Iterator[None]:
    """Every client asks until the end, and a while before and after; then none may have failed."""
    with contextlib.ExitStack() as stack:
        for each in askers.values():
            stack.enter_context(repeated(each.once, 1))
        time.sleep(2)
        yield
        time.sleep(2)
    for name, each in askers.items():
        print(f"{name}: {each}")
    assert not [each.failed for each in askers.values() if each.failed]
    assert all(each.answers["right"] > 10 for each in askers.values())


def taken(model: Served, with_key: str) -> bool:
    """Whether the gateway lets this key in."""
    by = replace(access(model), key=with_key)
    try:
        request(model.url, model.host, model.question(None), by)
    except OSError as error:
        if str(error).startswith(str(HTTPStatus.FORBIDDEN.value)):
            return False
        raise
    return True


def trusted(model: Served, with_key: str, ca: str) -> bool:
    """Whether a client that knows this authority alone takes the gateway for the right one."""
    try:
        request(model.url, model.host, model.question(None), replace(access(model), key=with_key, ca=ca))
    except urllib.error.URLError as error:
        if unknown_signer(error):
            return False
        raise
    return True


def test_a_clients_key_is_turned_over_and_the_one_before_goes_on(model: Served) -> None:
    before = keys()
    with asking({name: Asker(model, value) for name, value in before.items()}):
        engine("rotate", f"api-key:{OWN}", "--no-up")
        engine("rotate", "api-key:shop")
        now = keys()
        assert now["reporting"] == before["reporting"]
        assert taken(model, now["shop"])
        assert taken(model, now[OWN])
    assert not {now["shop"], now[OWN]} & set(before.values())


def test_a_key_that_leaked_is_refused_at_once_and_nobody_elses(model: Served) -> None:
    before = keys()
    with asking({name: Asker(model, value) for name, value in before.items() if name != "shop"}):
        engine("rotate", "api-key:shop", "--at-once")
        until(lambda: not taken(model, before["shop"]))
    assert taken(model, keys()["shop"])


class Login:
    """How one of MLflow's users asks it."""

    def __init__(self, model: Served, user: str, password: str) -> None:
        self.address, self.trust = access(model).address, Trust(access(model).ca)
        self.words = base64.b64encode(f"{user}:{password}".encode()).decode()

    def ask(self, url: str, body: bytes | None = None, *, method: str | None = None, **headers: str) -> bytes:
        wanted = urllib.request.Request(url, body, {"Authorization": f"Basic {self.words}", **headers}, method=method)

        def opened(ca: str) -> bytes:
            with https.opener(ca, self.address).open(wanted, timeout=10) as answer:
                return bytes(answer.read())

        return self.trust.asked(opened)

    def status(self, uri: str) -> int:
        try:
            self.ask(f"{uri}/api/2.0/mlflow/experiments/get?experiment_id=0")
        except urllib.error.HTTPError as error:
            return error.code
        return HTTPStatus.OK


@pytest.fixture(scope="module")
def person(model: Served) -> Client:
    """A user of MLflow's, who is not the administrator."""
    uri = output("tracking")
    admin = Client(uri, Login(model, "admin", output("trackingPassword")).ask)
    admin.call("users/create", {"username": PERSON, "password": PASSWORD})
    login = Login(model, PERSON, PASSWORD)
    experiment = Client(uri, login.ask).call("experiments/create", {"name": NAME})["experiment_id"]
    client = Client(uri, login.ask, experiment)
    client.call("registered-models/create", {"name": NAME})
    return client


@contextlib.contextmanager
def working(person: Client) -> Iterator[None]:
    """The person logs until the end; then all that was acknowledged is there."""
    with repeated(person.attempt, WRITERS):
        seen = person.written
        until(lambda: person.written > seen + 20)
        yield
        seen = person.written
        until(lambda: person.written > seen + 60)
    lost = settled(person.lost)
    print(f"{person.written} acknowledged so far, {len(lost)} lost, {person.refused} refused so far")
    assert not lost


def signing_key() -> str:
    """What MLflow's server signs with, as it was started."""
    variable = ("printenv", "MLFLOW_FLASK_SERVER_SECRET_KEY")
    inside = ("exec", "deployment/mlflow", "--container=mlflow", "--")
    return kubectl("--namespace", settings().namespaces.data, *inside, *variable).strip()


def test_mlflows_administrator_and_signing_key_are_turned_over_while_a_user_works(
    model: Served, person: Client
) -> None:
    password, signed = output("trackingPassword"), signing_key()
    with asking({"shop": Asker(model, keys()["shop"])}), working(person):
        engine("rotate", "signing-key", "--no-up")
        engine("rotate", "tracking-admin")
    statuses = [Login(model, "admin", each).status(person.uri) for each in (password, output("trackingPassword"))]
    assert statuses == [HTTPStatus.UNAUTHORIZED, HTTPStatus.OK]
    assert signing_key() == secret(settings().namespaces.data, "mlflow-auth", "signing-key") != signed


def test_the_authority_is_turned_over_and_whoever_learns_of_the_next_one_goes_on(model: Served, person: Client) -> None:
    before = authority()
    asker = Asker(model, keys()["shop"])
    with asking({"shop": asker}), working(person):
        engine("rotate", "authority")
    now = output("certificateAuthority")
    assert now == authority() != before
    # It was told once, and needed it.
    assert asker.trust.told == 1
    assert [trusted(model, keys()["shop"], ca) for ca in (before, now)] == [False, True]
