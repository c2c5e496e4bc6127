"""API keys: one signed token a client, checked at the gateway against the public key alone.

A key is a JSON Web Token without an end. Its subject holds the client's name and random digits, so that a client that
was removed and comes back has another one, and the old key stays refused. The private key is only in the state,
encrypted.
"""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pulumi import Output, ResourceOptions
from pulumi.dynamic import CreateResult, UpdateResult

from components.dynamic.base import DynamicProvider, DynamicResource

# Slipway's own client: the gate, and whoever runs `make predict`.
OWN = "slipway"
_ALGORITHM = "ES256"


@dataclass(frozen=True, kw_only=True)
class ApiKeysArgs:
    # Names, without Slipway's own.
    clients: Sequence[str]


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


def sign(pair: dict[str, Any], subject: str) -> str:
    import jwt

    claims = {"iss": pair["issuer"], "sub": subject}
    return jwt.encode(claims, pair["private_key"], algorithm=_ALGORITHM, headers={"kid": pair["issuer"]})


def issued(pair: dict[str, Any], clients: Sequence[str]) -> dict[str, Any]:
    """The pair with `subjects` and `keys` by client: those that it has stay, new ones are signed, others go."""
    known, signed = pair.get("subjects", {}), pair.get("keys", {})
    subjects = {name: known.get(name) or f"{name}.{secrets.token_hex(6)}" for name in (*clients, OWN)}
    # Signing again would give another text, because these signatures are random.
    keys = {name: signed.get(name) or sign(pair, subject) for name, subject in subjects.items()}
    return {**pair, "subjects": subjects, "keys": keys}


class ApiKeysProvider(DynamicProvider):
    def create(self, props: dict[str, Any]) -> CreateResult:
        return CreateResult("api-keys", {**props, **issued(new_pair(), props["clients"])})

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        kept = {name: _olds[name] for name in ("issuer", "private_key", "jwks", "subjects", "keys")}
        return UpdateResult({**_news, **issued(kept, _news["clients"])})


class ApiKeys(DynamicResource, provider=ApiKeysProvider, secrets=["keys", "private_key"]):
    """`keys` by client (secret), Slipway's own among them; `issuer`, `jwks` and `subjects` are public."""

    issuer: Output[str]
    jwks: Output[str]
    subjects: Output[dict[str, str]]
    keys: Output[dict[str, str]]
    private_key: Output[str]

    def __init__(self, name: str, args: ApiKeysArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__(name, {"clients": sorted(args.clients)}, opts)
