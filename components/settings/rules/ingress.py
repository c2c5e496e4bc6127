"""Contradictions in how requests come in."""

from collections import Counter
from collections.abc import Iterator
from urllib.parse import urlsplit

from components.settings.addresses import is_address, is_public
from components.settings.credentials import key_problem
from components.settings.ingress import OWN, Gateway, Tls
from components.settings.problems import Path, Problem, fault
from components.settings.stack import Settings

# Of Let's Encrypt (https://letsencrypt.org/docs/rate-limits/), and of most who speak ACME.
_MOST_NAMES = 100
_SOLVERS = ("http01", "dns01")
_TLS: Path = ("ingress", "tls")


def a_gateway(settings: Settings) -> Iterator[Problem]:
    ingress, mesh = settings.ingress, settings.platform.mesh
    if mesh == "off" and settings.models:
        yield fault(
            ("platform", "mesh"), "off", "models are reached through Istio's gateway; write install or existing"
        )
    if mesh == "install" and ingress.gateway != Gateway():
        remedy = "Slipway installs the gateway; remove this, or write platform.mesh: existing"
        yield fault(("ingress", "gateway"), None, remedy)
    if mesh == "off" and ingress.gateway != Gateway():
        yield fault(("ingress", "gateway"), None, "without effect: platform.mesh is off; remove it")
    if mesh != "install":
        remedy = "only for the gateway that Slipway installs; remove it, or write platform.mesh: install"
        given = {
            "annotations": ingress.annotations,
            "foreignHosts": ingress.foreign_hosts,
            "nodePorts": ingress.node_ports,
        }
        for key, value in given.items():
            if value:
                yield fault(("ingress", key), None, remedy)
    if not ingress.gateway.selector:
        yield fault(
            ("ingress", "gateway", "selector"),
            None,
            "without labels it selects every pod; write the labels of the gateway's pods",
        )


def service_of_the_gateway(settings: Settings) -> Iterator[Problem]:
    ingress, ports = settings.ingress, settings.ingress.node_ports
    if ports and ingress.service_type == "ClusterIP":
        yield fault(("ingress", "nodePorts"), None, "a ClusterIP has none; write serviceType: NodePort or LoadBalancer")
    for name, port in ports.items():
        if Counter(ports.values())[port] > 1:
            yield fault(("ingress", "nodePorts", name), port, "two ports have this number; write another")


def service_on_kind(settings: Settings) -> Iterator[Problem]:
    """On kind the cluster says how the gateway is reached: what else is written could not be."""
    ingress, mapped = settings.ingress, settings.gateway_service.node_ports
    if not settings.cluster.kind:
        return
    if ingress.service_type not in (None, "NodePort"):
        yield fault(
            ("ingress", "serviceType"), ingress.service_type, "kind maps node ports to this machine; remove this key"
        )
    needed = {"http2", *(("https",) if ingress.tls else ())}
    for name, port in ingress.node_ports.items():
        if name in mapped and mapped[name] != port:
            remedy = f"the cluster maps {mapped[name]} to this machine; remove ingress.nodePorts"
            yield fault(("ingress", "nodePorts", name), port, remedy)
        if name not in mapped and port in mapped.values():
            yield fault(("ingress", "nodePorts", name), port, "this is the port of another; remove ingress.nodePorts")
    if ingress.node_ports and (missing := needed - set(ingress.node_ports)):
        yield fault(
            ("ingress", "nodePorts"),
            None,
            f"{' and '.join(sorted(missing))} is missing; remove this key: with kind the ports are known",
        )


def issuer(settings: Settings) -> Iterator[Problem]:
    tls = settings.ingress.tls
    if not tls:
        return
    given = [name for name in ("self_signed", "ca", "acme", "existing") if getattr(tls.issuer, name) is not None]
    if len(given) != 1:
        yield fault((*_TLS, "issuer"), None, "write exactly one of selfSigned, ca, acme and existing")
    ca = tls.issuer.ca
    if ca and (reason := key_problem(ca.key.get_secret_value(), ca.certificate)):
        yield fault((*_TLS, "issuer", "ca", "key"), None, reason)


def tls(settings: Settings) -> Iterator[Problem]:
    if not settings.ingress.tls:
        return
    if settings.platform.certificates == "off":
        yield fault(("platform", "certificates"), "off", "TLS needs cert-manager; write install or existing")
    if settings.platform.mesh == "off":
        yield fault(
            _TLS, None, "TLS ends at Istio's gateway, and platform.mesh is off; write install or existing there"
        )
    namespace = settings.ingress.tls.authority_namespace
    if settings.platform.certificates == "install" and namespace != Tls.model_fields["authority_namespace"].default:
        yield fault(
            (*_TLS, "authorityNamespace"),
            namespace,
            "Slipway installs cert-manager; remove this, or write platform.certificates: existing",
        )
    if not settings.tracking.hosts:
        yield fault(
            ("tracking", "hosts"),
            None,
            f"a certificate is for a name; write one, such as mlflow.{settings.ingress.domain}",
        )
    for index, host in enumerate(settings.tracking.hosts):
        if is_address(host):
            yield fault(
                ("tracking", "hosts", index), host, "a certificate is for a name, not for an address; write one"
            )


def acme(settings: Settings) -> Iterator[Problem]:
    tls = settings.ingress.tls
    if not tls or not tls.issuer.acme:
        return
    here, acme = (*_TLS, "issuer", "acme"), tls.issuer.acme
    if settings.cluster.kind and "dns01" not in acme.solver:
        yield fault(here, None, "its server cannot reach a kind cluster; write selfSigned: {}")
    solvers = [name for name in _SOLVERS if name in acme.solver]
    if acme.solver and len(solvers) != 1:
        yield fault((*here, "solver"), None, f"write exactly one of {' and '.join(_SOLVERS)}")
    if len(settings.hosts) > _MOST_NAMES:
        yield fault(
            here,
            None,
            f"a certificate for {len(settings.hosts)} names, and ACME's servers sign {_MOST_NAMES} at most; serve "
            "fewer models, or write another issuer",
        )
    if not is_public(urlsplit(acme.server).hostname or ""):
        return
    private = "no public authority signs for it; write a public name, or issuer: {selfSigned: {}} or ca"
    if not is_public(settings.ingress.domain):
        yield fault(("ingress", "domain"), settings.ingress.domain, f"with ingress.tls.issuer.acme, {private}")
    for index, host in enumerate(settings.tracking.hosts):
        if not is_public(host) and not is_address(host):
            yield fault(("tracking", "hosts", index), host, f"with ingress.tls.issuer.acme, {private}")


def auth(settings: Settings) -> Iterator[Problem]:
    auth, here = settings.ingress.auth, ("ingress", "auth")
    if not auth:
        return
    if not settings.ingress.tls:
        yield fault(here, None, "keys and tokens would cross the network in the clear; write ingress.tls")
    if not auth.jwt and not auth.api_keys:
        yield fault(here, None, "nobody would be let in; write apiKeys, jwt or both")
    if settings.platform.mesh == "off":
        yield fault(here, None, "credentials are asked for at Istio's gateway, and platform.mesh is off; remove it")
    elif not settings.tracking.auth:
        yield fault(
            ("tracking", "auth"),
            False,
            "the models ask for a credential, MLflow at the same gateway does not; write true",
        )


def api_keys(settings: Settings) -> Iterator[Problem]:
    names = [key.name for key in settings.ingress.auth.api_keys] if settings.ingress.auth else []
    for index, name in enumerate(names):
        if name == OWN or Counter(names)[name] > 1:
            why = "Slipway's own key has this name" if name == OWN else "two clients have this name"
            yield fault(("ingress", "auth", "apiKeys", index), name, f"{why}; every name must be its own")


def tokens(settings: Settings) -> Iterator[Problem]:
    given = settings.ingress.auth.jwt if settings.ingress.auth else ()
    for index, jwt in enumerate(given):
        at: Path = ("ingress", "auth", "jwt", index)
        if (jwt.jwks_uri is None) == (jwt.jwks is None):
            yield fault(at, jwt.issuer, "write exactly one of jwksUri and jwks")
        if jwt.jwks_uri and not jwt.jwks_uri.startswith("https://"):
            yield fault(
                (*at, "jwksUri"),
                jwt.jwks_uri,
                "keys that come in the clear can be swapped on the way; write https://…, or the keys as `jwks`",
            )
        if [each.issuer for each in given].count(jwt.issuer) > 1:
            yield fault((*at, "issuer"), jwt.issuer, "two entries have this issuer; write one, with all its audiences")
        for number, audience in enumerate(jwt.audiences):
            if audience in list(jwt.audiences)[:number]:
                yield fault((*at, "audiences", number), audience, "written twice; remove one")


RULES = (a_gateway, service_of_the_gateway, service_on_kind, issuer, tls, acme, auth, api_keys, tokens)
