"""API keys: one signed token a client, checked at the gateway against the public key alone.

A key is a JSON Web Token, without an end unless the settings give it one. Its subject holds the client's name and
random digits, so that a client that was removed and comes back has another one, and the old key stays refused. The
private key is only in the state, encrypted.
"""

import datetime
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pulumi import Output, ResourceOptions
from pulumi.dynamic import CreateResult, UpdateResult

from components.dynamic.base import DynamicProvider, DynamicResource

_ALGORITHM = "ES256"


@dataclass(frozen=True, kw_only=True)
class Client:
    name: str
    # The last day (UTC) of its key, as YYYY-MM-DD; None is no end.
    until: str | None = None
    # Another one is another key. The key before stays until the next one, where nothing is left out between.
    generation: int = 0


@dataclass(frozen=True, kw_only=True)
class ApiKeysArgs:
    # Slipway's own among them.
    clients: Sequence[Client]


def new_pair() -> dict[str, str]:
    """A new issuer: its name, its private key (PEM) and its public key set (JSON)."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from jwt.algorithms import ECAlgorithm

    private = ec.generate_private_key(ec.SECP256R1())
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    public = ECAlgorithm.to_jwk(private.public_key(), as_dict=True)
    # A gateway may check the keys of several stacks, each under an issuer's name of its own.
    issuer = f"slipway-{secrets.token_hex(4)}"
    return {
        "issuer": issuer,
        "private_key": private.private_bytes(*form).decode(),
        "jwks": json.dumps({"keys": [{**public, "kid": issuer, "use": "sig", "alg": _ALGORITHM}]}),
    }


def sign(pair: dict[str, Any], subject: str, until: str | None) -> str:
    import jwt

    claims: dict[str, Any] = {"iss": pair["issuer"], "sub": subject}
    if until:
        day = datetime.datetime.fromisoformat(until).replace(tzinfo=datetime.UTC)
        claims["exp"] = int((day + datetime.timedelta(days=1)).timestamp())
    return jwt.encode(claims, pair["private_key"], algorithm=_ALGORITHM, headers={"kid": pair["issuer"]})


def issued(pair: dict[str, Any], clients: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The pair with `subjects`, `keys` and `previous` by client: what has not changed stays, others go.

    `previous` are the subjects of keys that were turned over, and are taken beside the new ones.
    """
    before = {each["name"]: each for each in pair.get("clients", ())}
    subjects, keys, previous = {}, {}, {}
    for client in clients:
        name = client["name"]
        known = before.get(name)
        turned = client.get("generation", 0) - known.get("generation", 0) if known else 0
        if known and not turned and known.get("until") == client.get("until"):
            # Signing again would give another text, because these signatures are random.
            subjects[name], keys[name] = pair["subjects"][name], pair["keys"][name]
            if name in pair["previous"]:
                previous[name] = pair["previous"][name]
            continue
        subjects[name] = f"{name}.{secrets.token_hex(6)}"
        keys[name] = sign(pair, subjects[name], client.get("until"))
        if turned == 1:
            previous[name] = pair["subjects"][name]
    return {**pair, "clients": list(clients), "subjects": subjects, "keys": keys, "previous": previous}


class ApiKeysProvider(DynamicProvider):
    def create(self, props: dict[str, Any]) -> CreateResult:
        return CreateResult("api-keys", {**props, **issued(new_pair(), props["clients"])})

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        return UpdateResult({**_news, **issued(_olds, _news["clients"])})


class ApiKeys(DynamicResource, provider=ApiKeysProvider, secrets=["keys", "private_key"]):
    """`keys` by client (secret), Slipway's own among them; `issuer`, `jwks`, `subjects` and `previous` are public."""

    issuer: Output[str]
    jwks: Output[str]
    subjects: Output[dict[str, str]]
    previous: Output[dict[str, str]]
    keys: Output[dict[str, str]]
    private_key: Output[str]

    def __init__(self, name: str, args: ApiKeysArgs, opts: ResourceOptions | None = None) -> None:
        ordered = sorted(args.clients, key=lambda client: client.name)
        # The engine leaves out what is None.
        clients = [{key: value for key, value in vars(each).items() if value is not None} for each in ordered]
        super().__init__(name, {"clients": clients}, opts)
