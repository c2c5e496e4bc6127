"""What a container registry says of an image or a chart, asked by its HTTP API without fetching any of it.

https://github.com/opencontainers/distribution-spec/blob/main/spec.md, with the tokens that public registries give to
anybody (https://distribution.github.io/distribution/spec/auth/token/) and the logins that `docker login` left.
"""

import hashlib
import http.client
import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlencode

from components.errors import SlipwayError
from components.settings.images import qualified, split
from tools.images.logins import login

ASK_SECONDS = 15.0
# A registry that asks for more patience than this is an answer in itself.
PATIENCE_SECONDS = 20.0

_DOCKER_HUB = {"docker.io": "registry-1.docker.io", "index.docker.io": "registry-1.docker.io"}
_LISTS = ("application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json")
_SINGLE = ("application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json")
# Networks that are nobody else's: there a registry may have no TLS.
_NEAR = re.compile(r"^(localhost|127\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|\[::1\])")

Kind = Literal["refused", "absent", "busy", "unreachable", "broken"]


def near(reference: str) -> bool:
    """Whether the registry may be spoken to without TLS."""
    return bool(_NEAR.match(reference))


class RegistryFault(SlipwayError):
    """Why the registry gave no answer that is of use; `kind` is what callers tell apart."""

    def __init__(self, kind: Kind, message: str, remedy: str) -> None:
        super().__init__(message, remedy=remedy)
        self.kind = kind


@dataclass(frozen=True, kw_only=True)
class Reference:
    """An image or a chart: `name` is the repository without its host, `version` a tag or a digest."""

    host: str
    name: str
    version: str

    @classmethod
    def parse(cls, text: str) -> "Reference":
        """Of `postgres:17`, `oci://ghcr.io/a/chart:1`, `quay.io/a/b:1@sha256:…`, whose digest is what counts."""
        path, version = split(qualified(text.removeprefix("oci://")))
        host, _, name = path.partition("/")
        tag, _, digest = (version or "latest").partition("@")
        if not version and "@" in text:
            digest = text.partition("@")[2]
        return cls(host=host, name=name, version=digest or tag)

    def __str__(self) -> str:
        return f"{self.host}/{self.name}{'@' if self.version.startswith('sha256:') else ':'}{self.version}"


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """`platforms` such as `linux/amd64`; empty where the manifest says none, as a chart's."""

    digest: str
    platforms: frozenset[str]


def manifest(text: str) -> Manifest:
    """What the tag stands for now, and for which platforms it is. Raises RegistryFault."""
    return _Registry(Reference.parse(text)).manifest()


def digest(text: str) -> str:
    """What the tag stands for now, `sha256:…`. Raises RegistryFault."""
    return _Registry(Reference.parse(text)).head()


def tags(text: str) -> list[str]:
    """The tags beside the one that is named, as the registry lists them. Raises RegistryFault."""
    registry = _Registry(Reference.parse(text))
    found = json.loads(registry.ask("GET", "tags/list").body).get("tags")
    return [str(each) for each in found or []]


@dataclass(frozen=True, kw_only=True)
class _Answer:
    headers: Mapping[str, str]
    body: bytes


class _Registry:
    """One conversation: a token that was given is used again."""

    def __init__(self, reference: Reference) -> None:
        self._at = reference
        self._authorization = ""
        scheme = "http" if near(reference.host) else "https"
        self._base = f"{scheme}://{_DOCKER_HUB.get(reference.host, reference.host)}/v2/{reference.name}"

    def head(self) -> str:
        answer = self.ask("HEAD", f"manifests/{self._at.version}")
        if said := answer.headers.get("Docker-Content-Digest"):
            return said
        # Registries may leave the header out.
        return self._digest(self.ask("GET", f"manifests/{self._at.version}").body)

    def manifest(self) -> Manifest:
        answer = self.ask("GET", f"manifests/{self._at.version}")
        found = self._digest(answer.body)
        said = answer.headers.get("Docker-Content-Digest", found)
        wanted = self._at.version if self._at.version.startswith("sha256:") else said
        if found != wanted:
            raise self._fault("broken", f"gives a manifest that is {found} and not {wanted}", "something in between")
        return Manifest(digest=found, platforms=frozenset(self._platforms(self._json(answer.body))))

    def _platforms(self, content: Mapping[str, Any]) -> list[str]:
        if listed := content.get("manifests"):
            platforms = [each.get("platform") or {} for each in listed]
            known = [each for each in platforms if each.get("architecture") not in (None, "unknown")]
            return [f"{each.get('os')}/{each['architecture']}" for each in known]
        config = content.get("config") or {}
        if "image" not in config.get("mediaType", "image"):
            return []
        image = self._json(self.ask("GET", f"blobs/{config['digest']}").body)
        return [f"{image.get('os', 'linux')}/{image['architecture']}"] if image.get("architecture") else []

    def _digest(self, body: bytes) -> str:
        return f"sha256:{hashlib.sha256(body).hexdigest()}"

    def _json(self, body: bytes) -> dict[str, Any]:
        try:
            content = json.loads(body)
        except ValueError:
            content = None
        if not isinstance(content, dict):
            raise self._fault("broken", "answers something that is no manifest", "a proxy's page, perhaps: look at it")
        return content

    def ask(self, method: str, path: str) -> _Answer:
        """Raises RegistryFault. A registry that asks to come back soon is asked once more."""
        waited = False
        while True:
            try:
                return self._once(method, path)
            except urllib.error.HTTPError as error:
                if error.code == 401 and not self._authorization:
                    self._log_in(error.headers.get("WWW-Authenticate", ""))
                    continue
                patience = _patience(error) if error.code == 429 or error.code >= 500 else None
                if patience is not None and patience <= PATIENCE_SECONDS and not waited:
                    time.sleep(patience)
                    waited = True
                    continue
                raise self._refusal(error, patience) from None
            except http.client.HTTPException as error:
                raise self._fault("broken", f"broke off its answer ({error})", "try again") from None
            except OSError as error:
                reason = getattr(error, "reason", None) or error
                remedy = "look at the network, a proxy or the name; a mirror is slipway:imageMirror"
                raise self._fault("unreachable", f"does not answer: {reason}", remedy) from None

    def _once(self, method: str, path: str) -> _Answer:
        headers = {"Accept": ", ".join((*_LISTS, *_SINGLE)), "User-Agent": "slipway"}
        if self._authorization:
            headers["Authorization"] = self._authorization
        request = urllib.request.Request(f"{self._base}/{path}", method=method, headers=headers)
        with _OPENER.open(request, timeout=ASK_SECONDS) as answer:
            return _Answer(headers=dict(answer.headers.items()), body=answer.read())

    def _log_in(self, challenge: str) -> None:
        scheme, _, rest = challenge.partition(" ")
        said = dict(re.findall(r'(\w+)="([^"]*)"', rest))
        basic = login(self._at.host)
        if scheme.lower() == "basic" and basic:
            self._authorization = f"Basic {basic}"
            return
        if scheme.lower() != "bearer" or "realm" not in said:
            raise self._fault(
                "refused", "wants a login", f"`docker login {self._at.host}`, or name another image or a mirror"
            )
        asked = {"scope": said.get("scope") or f"repository:{self._at.name}:pull"}
        if service := said.get("service"):
            asked["service"] = service
        request = urllib.request.Request(f"{said['realm']}?{urlencode(asked)}")
        if basic:
            request.add_header("Authorization", f"Basic {basic}")
        with _OPENER.open(request, timeout=ASK_SECONDS) as answer:
            given = json.loads(answer.read())
        self._authorization = f"Bearer {given.get('token') or given.get('access_token')}"

    def _refusal(self, error: urllib.error.HTTPError, patience: float | None) -> RegistryFault:
        at = self._at
        if error.code in (401, 403):
            return self._fault(
                "refused",
                f"refuses {at} ({error.code}): it is private, or is no longer there",
                f"`docker login {at.host}` if it is yours; else name another image (slipway:images) or a mirror",
            )
        if error.code == 404:
            return self._fault("absent", f"has no {at}", "look at the name and the version")
        if error.code == 429:
            when = f"; it says to come back in {patience:.0f} s" if patience is not None else ""
            return self._fault(
                "busy",
                f"has had too many requests from this address (429){when}",
                f"wait, `docker login {at.host}`, or use a mirror: slipway:imageMirror",
            )
        return self._fault("broken", f"answers {error.code} {error.reason}", "try again; it is the registry's fault")

    def _fault(self, kind: Kind, what: str, remedy: str) -> RegistryFault:
        return RegistryFault(kind, f"{self._at.host} {what}", remedy)


class _Redirect(urllib.request.HTTPRedirectHandler):
    """Follows to another host without the token of the first."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        request = super().redirect_request(req, fp, code, msg, headers, newurl)
        if request and request.host != req.host:
            request.remove_header("Authorization")
        return request


_OPENER = urllib.request.build_opener(_Redirect)


def _patience(error: urllib.error.HTTPError) -> float | None:
    """Seconds until the registry wants to be asked again; None when it does not say in seconds."""
    said = error.headers.get("Retry-After", "")
    return float(said) if said.isdigit() else None
