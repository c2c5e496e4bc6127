"""Who may ask the models: checked at the gateway, before a request comes near one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
from pulumi import Output, Resource, ResourceOptions

from components import settings as s
from components.dynamic.api_keys import OWN, ApiKeys, ApiKeysArgs

# The gateway's own plain-HTTP ports: there is only the redirect, and whoever is redirected has shown no credential yet.
_REDIRECTED = ("80", "8080")


@dataclass(frozen=True, kw_only=True)
class AuthenticationArgs:
    settings: s.Auth
    gateway: s.Gateway
    # The gateway's.
    namespace: Output[str]
    # The names that are protected.
    hosts: Sequence[str]
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


def principals(issuer: str, subjects: Mapping[str, str], jwt: Sequence[s.Jwt]) -> list[str]:
    """Everybody who is let in: each client by its key's own subject, and everybody whom a provider vouches for."""
    clients = [f"{issuer}/{subject}" for _, subject in sorted(subjects.items())]
    return [*clients, *(f"{each.issuer}/*" for each in jwt)]


def policy_spec(gateway: s.Gateway, hosts: Sequence[str], allowed: Sequence[str]) -> dict[str, Any]:
    """Refuse what is asked of `hosts` by anybody but `allowed`; a request without a credential is by nobody.

    Other hosts of the gateway are left to their owners.
    """
    asked = [form for host in hosts for form in (host, f"{host}:*")]
    return {
        "selector": {"matchLabels": dict(gateway.selector)},
        "action": "DENY",
        "rules": [
            {
                "from": [{"source": {"notRequestPrincipals": list(allowed)}}],
                "to": [{"operation": {"hosts": asked, "notPorts": list(_REDIRECTED)}}],
            }
        ],
    }


class Authentication(pulumi.ComponentResource):
    """`keys` by client (secret), and `own`, the key that this stack asks its models with."""

    keys: Output[dict[str, str]]
    own: Output[str]

    def __init__(self, name: str, args: AuthenticationArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:ingress:Authentication", name, None, opts)
        settings, gateway = args.settings, args.gateway
        keys = ApiKeys("api-keys", ApiKeysArgs(clients=settings.api_keys), ResourceOptions(parent=self))
        rules = Output.all(keys.issuer, keys.jwks).apply(
            lambda made: [key_rule(made[0], made[1]), *(provider_rule(jwt) for jwt in settings.jwt)]
        )
        allowed = Output.all(keys.issuer, keys.subjects).apply(lambda made: principals(made[0], made[1], settings.jwt))
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
            spec=allowed.apply(lambda names: policy_spec(gateway, args.hosts, names)),
            opts=after,
        )
        self.keys = Output.secret(keys.keys)
        self.own = self.keys.apply(lambda made: made[OWN])
        self.register_outputs({})
