"""Contradictions in how requests come in."""

import json
from collections import Counter
from collections.abc import Iterator

from components.settings.ingress import Auth, Gateway, Ingress, Tls
from components.settings.problems import Path, Problem, fault
from components.settings.stack import Settings

# Slipway's own client, by whose key the gate asks.
_OWN_CLIENT = "slipway"


def check(settings: Settings) -> Iterator[Problem]:
    ingress, platform = settings.ingress, settings.platform
    if platform.mesh == "off" and settings.models:
        yield fault(
            ("platform", "mesh"), "off", "models are reached through Istio's gateway; write install or existing"
        )
    if platform.mesh == "install":
        if ingress.gateway != Gateway():
            yield fault(
                ("ingress", "gateway"),
                None,
                "Slipway installs the gateway; remove this, or write platform.mesh: existing",
            )
    else:
        yield from _not_ours(ingress)
    if ingress.node_ports and ingress.service_type == "ClusterIP":
        yield fault(("ingress", "nodePorts"), None, "a ClusterIP has none; write serviceType: NodePort or LoadBalancer")
    if ingress.tls:
        yield from _tls(settings, ingress.tls)
    if ingress.auth:
        yield from _auth(settings, ingress.auth)


def _not_ours(ingress: Ingress) -> Iterator[Problem]:
    remedy = "only for the gateway that Slipway installs; remove it, or write platform.mesh: install"
    for key, value in (("annotations", ingress.annotations), ("foreignHosts", ingress.foreign_hosts)):
        if value:
            yield fault(("ingress", key), None, remedy)


def _tls(settings: Settings, tls: Tls) -> Iterator[Problem]:
    here: Path = ("ingress", "tls")
    if len(tls.issuer.model_dump(exclude_none=True)) != 1:
        yield fault((*here, "issuer"), None, "write exactly one of selfSigned, ca, acme and existing")
    if settings.platform.certificates == "off":
        yield fault(("platform", "certificates"), "off", "TLS needs cert-manager; write install or existing")
    if settings.platform.mesh == "off":
        yield fault(
            here, None, "TLS ends at Istio's gateway, and platform.mesh is off; write install or existing there"
        )
    if not settings.tracking.hosts:
        yield fault(
            ("tracking", "hosts"),
            None,
            f"a certificate is for a name; write one, such as mlflow.{settings.ingress.domain}",
        )
    if (
        settings.platform.certificates == "install"
        and tls.authority_namespace != Tls.model_fields["authority_namespace"].default
    ):
        yield fault(
            (*here, "authorityNamespace"),
            tls.authority_namespace,
            "Slipway installs cert-manager; remove this, or write platform.certificates: existing",
        )
    if tls.issuer.acme and settings.cluster.kind:
        yield fault((*here, "issuer", "acme"), None, "its server cannot reach a kind cluster; write selfSigned: {}")


def _auth(settings: Settings, auth: Auth) -> Iterator[Problem]:
    here: Path = ("ingress", "auth")
    if not settings.ingress.tls:
        yield fault(here, None, "keys and tokens would cross the network in the clear; write ingress.tls")
    if not auth.jwt and not auth.api_keys:
        yield fault(here, None, "nobody would be let in; write apiKeys, jwt or both")
    if settings.platform.mesh != "off" and not settings.tracking.auth:
        yield fault(
            ("tracking", "auth"),
            False,
            "the models ask for a credential, MLflow at the same gateway does not; write true",
        )
    names = [key.name for key in auth.api_keys]
    for index, name in enumerate(names):
        if name == _OWN_CLIENT or Counter(names)[name] > 1:
            why = "Slipway's own key has this name" if name == _OWN_CLIENT else "two clients have this name"
            yield fault((*here, "apiKeys", index), name, f"{why}; every name must be its own")
    for index, jwt in enumerate(auth.jwt):
        at: Path = (*here, "jwt", index)
        if (jwt.jwks_uri is None) == (jwt.jwks is None):
            yield fault(at, jwt.issuer, "write exactly one of jwksUri and jwks")
        if jwt.jwks_uri and not jwt.jwks_uri.startswith("https://"):
            yield fault(
                (*at, "jwksUri"),
                jwt.jwks_uri,
                "keys that come in the clear can be swapped on the way; write https://…, or the keys as `jwks`",
            )
        if jwt.jwks and (reason := key_set_problem(jwt.jwks)):
            yield fault((*at, "jwks"), None, reason)
        if [each.issuer for each in auth.jwt].count(jwt.issuer) > 1:
            yield fault((*at, "issuer"), jwt.issuer, "two entries have this issuer; write one, with all its audiences")


def key_set_problem(text: str) -> str | None:
    """Why `text` is no public key set (RFC 7517), or None."""
    try:
        keys = json.loads(text)["keys"]
    except (ValueError, KeyError, TypeError):
        return 'write a JSON Web Key Set: {"keys": [...]}'
    if not isinstance(keys, list) or not keys or any(not isinstance(key, dict) or "kty" not in key for key in keys):
        return "write at least one key, each with its `kty`"
    if any({"d", "k"} & set(key) for key in keys):
        return "this is a private or a shared key, and it would stand in the cluster; write the public ones"
    return None
