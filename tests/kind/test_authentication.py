"""What the gateway asks for, asked of a real Envoy: a dev stack must be up (`make up STACK=dev`).

The rules are those that the program makes, for hosts of the test's own. While it runs, the stack's model is refused at
the gateway like every other host; afterwards all is as before.
"""

import json
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import jwt
import pytest
from mlserver.grpc.dataplane_pb2 import ServerLiveRequest
from mlserver.grpc.dataplane_pb2_grpc import GRPCInferenceServiceStub

from components.dynamic import api_keys
from components.dynamic.prediction import Access
from components.ingress import authentication
from components.settings import Auth, Gateway
from components.settings.ingress import Jwt
from tools import stack_file
from tools.prediction.over_grpc import Way

pytestmark = pytest.mark.kind

KUBECONFIG = Path(".slipway/dev/kubeconfig")
NAMESPACE = Gateway().namespace
MODEL, FOREIGN, MLFLOW, INGRESS = "trust.test", "foreign.test", "mlflow.trust.test", "ingress.trust.test"
CHALLENGE = "/.well-known/acme-challenge/x"
IDP = "https://idp.test"


@dataclass(frozen=True)
class Keys:
    """The stack's own issuer, and an identity provider's."""

    own: dict[str, Any]
    provider: dict[str, Any]

    def token(self, subject: str, audience: str | list[str] | None = None) -> str:
        claims = {"iss": IDP, "sub": subject, **({"aud": audience} if audience else {})}
        return self._signed(claims, self.provider)

    def key(self, subject: str) -> str:
        return self._signed({"iss": self.own["issuer"], "sub": subject}, self.own)

    def _signed(self, claims: dict[str, Any], pair: dict[str, Any]) -> str:
        kid = json.loads(pair["jwks"])["keys"][0]["kid"]
        return jwt.encode(claims, pair["private_key"], algorithm="ES256", headers={"kid": kid})


@pytest.fixture(scope="module")
def keys() -> Keys:
    clients = [{"name": "shop", "generation": 0}, {"name": "late", "generation": 0, "until": "2020-01-01"}]
    return Keys(api_keys.issued(api_keys.new_pair(), clients), api_keys.new_pair())


def objects(keys: Keys) -> Iterator[dict[str, Any]]:
    def made(version: str, kind: str, name: str, spec: Any, namespace: str = NAMESPACE) -> dict[str, Any]:
        metadata = {"name": name, "namespace": namespace}
        return {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}

    def provider(audience: str) -> Jwt:
        return Jwt.model_validate({"issuer": IDP, "jwks": keys.provider["jwks"], "audiences": [audience]})

    gateway, hosts = Gateway(), [MODEL, FOREIGN, MLFLOW]
    selector = {"matchLabels": dict(gateway.selector)}
    server = {"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": [f"{NAMESPACE}/{h}" for h in hosts]}
    answer = {"directResponse": {"status": 200, "body": {"string": "in"}}}
    route = {"hosts": hosts, "gateways": [f"{NAMESPACE}/trust"], "http": [answer]}
    yield made("networking.istio.io/v1", "Gateway", "trust", {"selector": dict(gateway.selector), "servers": [server]})
    yield made("networking.istio.io/v1", "VirtualService", "trust", route)
    args = authentication.AuthenticationArgs(
        settings=Auth(jwt=[provider("models")]),
        clients=(),
        gateway=gateway,
        namespace=NAMESPACE,
        models=[MODEL],
        open_hosts=[MLFLOW],
        http01=True,
        again=False,
        name="trust",
        ready=(),
    )
    own = authentication.key_rule(keys.own["issuer"], keys.own["jwks"])
    allowed = authentication.principals(keys.own["issuer"], list(keys.own["subjects"].values()), args.settings.jwt)
    security, tokens = "security.istio.io/v1", "RequestAuthentication"
    rules = [own, authentication.provider_rule(provider("models"))]
    yield made(security, tokens, "trust", {"selector": selector, "jwtRules": rules})
    # Another stack's, at the same gateway.
    theirs = {"selector": selector, "jwtRules": [authentication.provider_rule(provider("theirs"))]}
    yield made(security, tokens, "trust-neighbour", theirs)
    yield made(security, "AuthorizationPolicy", "trust", authentication.policy_spec(args, allowed))
    path = {"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "kubernetes", "port": {"number": 443}}}}
    ingress = {"ingressClassName": "istio", "rules": [{"host": INGRESS, "http": {"paths": [path]}}]}
    yield made("networking.k8s.io/v1", "Ingress", "trust", ingress, "default")


Ask = Callable[..., int]


@pytest.fixture(scope="module")
def address() -> str:
    assert KUBECONFIG.is_file(), "no dev stack is up: make up STACK=dev"
    cluster = stack_file.settings_of(stack_file.effective(Path("Pulumi.dev.yaml")))["cluster"]
    return f"http://127.0.0.1:{cluster['kind']['httpPort']}"


@pytest.fixture(scope="module")
def ask(keys: Keys, address: str) -> Iterator[Ask]:
    given = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects(keys))})

    def kubectl(*arguments: str) -> None:
        command = ["kubectl", f"--kubeconfig={KUBECONFIG}", *arguments, "--filename=-"]
        done = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    def asked(host: str, path: str = "/", method: str = "GET", **headers: str) -> int:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(f"{address}{path}", method=method, headers={"Host": host, **named})
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    try:
        kubectl("apply")
        deadline = time.monotonic() + 120
        # istiod hands a change on in a moment.
        while asked(MODEL) != 403 or asked(MLFLOW) != 200:
            assert time.monotonic() < deadline, "the gateway has not got the rules"
            time.sleep(1)
        yield asked
    finally:
        kubectl("delete", "--ignore-not-found")


@pytest.mark.parametrize("host", [MODEL, FOREIGN, f"{MODEL}:8080", MODEL.upper()])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_nobody_is_let_in_by_whatever_host(ask: Ask, host: str, method: str) -> None:
    assert ask(host, method=method) == 403


def test_mlflow_asks_for_its_own_passwords(ask: Ask) -> None:
    assert ask(MLFLOW) == ask(f"{MLFLOW}:8080") == 200


def test_a_key_lets_in_and_one_that_was_taken_back_does_not(ask: Ask, keys: Keys) -> None:
    key = keys.own["keys"]["shop"]
    assert ask(MODEL, Authorization=f"Bearer {key}") == ask(MODEL, x_api_key=key) == 200
    assert ask(MODEL, Authorization=f"Bearer {keys.key('removed.0')}") == 403
    assert ask(MODEL, Authorization=f"Bearer {keys.own['keys']['late']}") == 401
    forged = Keys({**api_keys.new_pair(), "issuer": keys.own["issuer"]}, keys.provider)
    assert ask(MODEL, Authorization=f"Bearer {forged.key(keys.own['subjects']['shop'])}") == 401


@pytest.mark.usefixtures("ask")
def test_grpc_is_asked_for_the_same_key(address: str, keys: Keys) -> None:
    def code(key: str | None) -> grpc.StatusCode:
        way = Way.of_gateway(address, MODEL, Access(key=key) if key else None)
        with grpc.insecure_channel(way.address, [("grpc.default_authority", MODEL)]) as channel:
            try:
                GRPCInferenceServiceStub(channel).ServerLive(ServerLiveRequest(), timeout=30, metadata=way.metadata)
            except grpc.RpcError as error:
                return error.code()
        return grpc.StatusCode.OK

    assert code(None) == code(keys.key("removed.0")) == grpc.StatusCode.PERMISSION_DENIED
    assert code(keys.own["keys"]["late"]) == grpc.StatusCode.UNAUTHENTICATED
    # Past the gateway's rules: what answers behind them here is no model.
    assert code(keys.own["keys"]["shop"]) == grpc.StatusCode.UNKNOWN


@pytest.mark.parametrize(
    ("audience", "answer"),
    [("models", 200), (["x", "models"], 200), ("theirs", 403), (["theirs", "x"], 403), (None, 403)],
)
def test_a_token_for_a_neighbours_audience_is_refused_though_the_gateway_accepts_it(
    ask: Ask, keys: Keys, audience: str | list[str] | None, answer: int
) -> None:
    assert ask(MODEL, Authorization=f"Bearer {keys.token('somebody', audience)}") == answer


def test_only_a_question_of_lets_encrypts_needs_no_credential(ask: Ask) -> None:
    assert ask(MODEL, CHALLENGE) == 200
    assert ask(MODEL, CHALLENGE, method="POST") == 403


def test_an_ingress_of_whoever_wrote_one_leads_nowhere(ask: Ask, keys: Keys) -> None:
    assert ask(INGRESS, Authorization=f"Bearer {keys.own['keys']['shop']}") == 404
