"""Who may ask the models: checked at the gateway, before a request comes near one; sidecars check it again."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
from pulumi import Output, Resource, ResourceOptions

from components import settings as s
from components.dynamic.api_keys import ApiKeys, ApiKeysArgs, Client
from components.settings.ingress import OWN
from components.settings.parts import istio

# Istio's Gateway for plain HTTP, and the port behind it in older charts.
_PLAIN = ("80", "8080")
# What Let's Encrypt asks for, over plain HTTP and without a credential.
_CHALLENGE = "/.well-known/acme-challenge/*"


@dataclass(frozen=True, kw_only=True)
class AuthenticationArgs:
    settings: s.Auth
    # Who gets a key.
    clients: Sequence[Client]
    gateway: s.Gateway
    # The gateway's.
    namespace: Output[str]
    # The names of the models.
    models: Sequence[str]
    # At a gateway of the stack's own, the names that ask for no credential of this stack; None at one that others use.
    open_hosts: Sequence[str] | None
    # Whether Let's Encrypt asks for each name over plain HTTP.
    http01: bool
    # Whether the models' sidecars ask for the credential again.
    again: bool
    # Of the objects in the gateway's namespace.
    name: str
    # Istio, where this stack installs it.
    ready: Sequence[Resource]


def key_rule(issuer: str, jwks: str) -> dict[str, Any]:
    """Where the API keys stand in a request, and what they are checked against."""
    headers = [{"name": "Authorization", "prefix": "Bearer "}, {"name": "x-api-key"}]
    return {"issuer": issuer, "jwks": jwks, "fromHeaders": headers}


def provider_rule(jwt: s.Jwt) -> dict[str, Any]:
    """The rule of an identity provider's tokens (`Authorization: Bearer …`)."""
    keys = {"jwksUri": jwt.jwks_uri} if jwt.jwks_uri else {"jwks": jwt.jwks}
    return {"issuer": jwt.issuer, **keys, **({"audiences": list(jwt.audiences)} if jwt.audiences else {})}


def principals(issuer: str, subjects: Sequence[str], jwt: Sequence[s.Jwt]) -> list[str]:
    """Everybody who is let in: each client by its key's own subject, and everybody whom a provider vouches for."""
    clients = [f"{issuer}/{subject}" for subject in sorted(subjects)]
    return [*clients, *(f"{each.issuer}/*" for each in jwt)]


def callers(allowed: Sequence[str], jwt: Sequence[s.Jwt]) -> list[dict[str, Any]]:
    """The rules of an ALLOW: who of `allowed` is let in, and for which audiences.

    Istio checks a token against every rule of a gateway: one that a neighbour's accepts has its issuer and its subject
    too, so that the audience must be asked for here again.
    """
    audiences = {f"{each.issuer}/*": list(each.audiences) for each in jwt if each.audiences}
    plain = [name for name in allowed if name not in audiences]
    return [
        *([_from(requestPrincipals=plain)] if plain else []),
        *(
            {**_from(requestPrincipals=[name]), "when": [{"key": _AUDIENCES, "values": known}]}
            for name, known in audiences.items()
        ),
    ]


def strangers(allowed: Sequence[str], jwt: Sequence[s.Jwt]) -> list[dict[str, Any]]:
    """The rules of a DENY that refuse everybody whom `callers` would not let in."""
    return [
        _from(notRequestPrincipals=list(allowed)),
        *(
            {
                **_from(requestPrincipals=[f"{each.issuer}/*"]),
                "when": [{"key": _AUDIENCES, "notValues": list(each.audiences)}],
            }
            for each in jwt
            if each.audiences
        ),
    ]


_AUDIENCES = "request.auth.audiences"


def _from(**source: Sequence[str]) -> dict[str, Any]:
    return {"from": [{"source": {key: list(value) for key, value in source.items()}}]}


def guarded(args: AuthenticationArgs) -> list[dict[str, Any]]:
    """The operations that ask for a credential.

    At the stack's own gateway, every host but the open ones: whoever may write a route could otherwise lead another
    host to a model. At a gateway that others use too, the models' hosts.
    """
    if args.open_hosts is None:
        what = {"hosts": _forms(args.models)}
        inner = []
    else:
        what = {"notHosts": _forms(args.open_hosts)} if args.open_hosts else {}
        # Requests that the gateway has let in already come in here again, on their way to Knative.
        inner = [str(istio.LOCAL_PORT)]
    anywhere = {"notPorts": inner} if inner else {}
    if not args.http01:
        return [{"operation": {**what, **anywhere}}]
    # All but a GET of the challenge at the plain port.
    return [
        {"operation": {**what, **anywhere, "notPaths": [_CHALLENGE]}},
        {"operation": {**what, **anywhere, "notMethods": ["GET"]}},
        {"operation": {**what, "notPorts": [*_PLAIN, *inner]}},
    ]


def _forms(hosts: Sequence[str]) -> list[str]:
    """Each host as it may be asked for: with and without a port. Istio takes a `*` at one end only."""
    return [form for host in hosts for form in ((host,) if host.startswith("*") else (host, f"{host}:*"))]


def policy_spec(args: AuthenticationArgs, allowed: Sequence[str]) -> dict[str, Any]:
    """Refuse what asks for a credential by anybody but `allowed`; a request without a credential is by nobody.

    No port is left out: whoever could write a Gateway for plain HTTP would have a way in there.
    """
    return {
        "selector": {"matchLabels": dict(args.gateway.selector)},
        "action": "DENY",
        "rules": [{**rule, "to": guarded(args)} for rule in strangers(allowed, args.settings.jwt)],
    }


class Authentication(pulumi.ComponentResource):
    """`keys` by client (secret), and `own`, the key that this stack asks its models with.

    `rules` are what a credential is checked against, and `callers` who is let in, for whoever asks again.
    """

    keys: Output[dict[str, str]]
    own: Output[str]
    rules: Output[list[dict[str, Any]]]
    callers: Output[list[dict[str, Any]]]

    def __init__(self, name: str, args: AuthenticationArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:ingress:Authentication", name, None, opts)
        settings, gateway = args.settings, args.gateway
        keys = ApiKeys("api-keys", ApiKeysArgs(clients=args.clients), ResourceOptions(parent=self))
        self.rules = Output.all(keys.issuer, keys.jwks).apply(
            lambda made: [key_rule(made[0], made[1]), *(provider_rule(jwt) for jwt in settings.jwt)]
        )
        allowed = Output.all(keys.issuer, keys.subjects, keys.previous).apply(
            lambda made: principals(made[0], [*made[1].values(), *made[2].values()], settings.jwt)
        )
        self.callers = allowed.apply(lambda names: callers(names, settings.jwt))
        # Without, the gateway takes the credential out of the request.
        handed_on = {"forwardOriginalToken": True} if args.again else {}
        rules = self.rules.apply(lambda made: [{**rule, **handed_on} for rule in made])
        metadata = {"name": args.name, "namespace": args.namespace}
        after = ResourceOptions(parent=self, depends_on=list(args.ready))
        k8s.apiextensions.CustomResource(
            "gateway-tokens",
            api_version="security.istio.io/v1",
            kind="RequestAuthentication",
            metadata=metadata,
            spec={"selector": {"matchLabels": dict(gateway.selector)}, "jwtRules": rules},
            opts=after,
        )
        k8s.apiextensions.CustomResource(
            "gateway-clients",
            api_version="security.istio.io/v1",
            kind="AuthorizationPolicy",
            metadata=metadata,
            spec=allowed.apply(lambda names: policy_spec(args, names)),
            opts=after,
        )
        self.keys = Output.secret(keys.keys)
        self.own = self.keys.apply(lambda made: made[OWN])
        self.register_outputs({})
