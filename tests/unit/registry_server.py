"""A container registry on loopback that behaves as public ones do, well or badly."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from tests.unit.http_server import served_by

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
TOKEN = "anonymous-token"


@dataclass
class Registry:
    """`manifests` by name and version. `answer` maps a part of the path to the status that it always gets."""

    host: str = ""
    manifests: dict[tuple[str, str], tuple[str, bytes]] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    answer: dict[str, int] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    # Statuses that are given once each, before anything else.
    first: list[int] = field(default_factory=list)
    wants_token: bool = False
    # Whether it names the digest of a manifest in its header, and cuts bodies half-way.
    names_digest: bool = True
    cut: bool = False
    asked: list[str] = field(default_factory=list)

    # By host, for those who copy from one to another.
    AT: ClassVar[dict[str, "Registry"]] = {}

    def put(self, name: str, version: str, manifest: tuple[str, bytes]) -> str:
        digest = f"sha256:{hashlib.sha256(manifest[1]).hexdigest()}"
        self.manifests[name, version] = self.manifests[name, digest] = manifest
        return digest

    def image(self, name: str, version: str, *platforms: str) -> str:
        """An image for several platforms, or for one; returns its digest."""
        if len(platforms) == 1:
            return self.put(name, version, (MANIFEST, self._single(name, platforms[0])))
        listed = [
            {
                "digest": self.put(name, f"of-{platform}", (MANIFEST, self._single(name, platform))),
                "platform": dict(zip(("os", "architecture"), platform.split("/"), strict=True)),
            }
            for platform in platforms
        ]
        # What buildx adds beside each.
        listed.append({"digest": "sha256:0", "platform": {"os": "unknown", "architecture": "unknown"}})
        return self.put(name, version, (INDEX, json.dumps({"mediaType": INDEX, "manifests": listed}).encode()))

    def _single(self, name: str, platform: str) -> bytes:
        os, architecture = platform.split("/")
        config = json.dumps({"os": os, "architecture": architecture, "of": name}).encode()
        digest = f"sha256:{hashlib.sha256(config).hexdigest()}"
        self.blobs[digest] = config
        of = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest}
        return json.dumps({"mediaType": MANIFEST, "config": of}).encode()


@contextmanager
def registry_server() -> Iterator[Registry]:
    registry = Registry()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            registry.asked.append(f"{self.command} {self.path}")
            path, _, query = self.path.partition("?")
            if path == "/token":
                scope = parse_qs(query)["scope"][0]
                return self._say(200, json.dumps({"token": f"{TOKEN} {scope}"}).encode())
            if registry.first:
                return self._say(registry.first.pop(0), b"")
            if registry.wants_token and not self.headers.get("Authorization", "").startswith(f"Bearer {TOKEN}"):
                realm = f'Bearer realm="http://{registry.host}/token",service="test"'
                return self._say(401, b"", {"WWW-Authenticate": realm})
            if path == "/v2/":
                return self._say(200, b"{}")
            for part, status in registry.answer.items():
                if part in path:
                    return self._say(status, b"<html>no</html>")
            return self._found(urlsplit(path).path.removeprefix("/v2/"))

        def _found(self, path: str) -> None:
            name, _, version = path.partition("/manifests/")
            if known := registry.manifests.get((name, version)):
                kind, body = known
                digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
                named = {"Docker-Content-Digest": digest} if registry.names_digest else {}
                return self._say(200, body, {"Content-Type": kind, **named})
            if blob := registry.blobs.get(path.partition("/blobs/")[2]):
                return self._say(200, blob)
            if path.endswith("/tags/list"):
                of = path.removesuffix("/tags/list")
                there = [version for known, version in registry.manifests if known == of and ":" not in version]
                return self._say(200, json.dumps({"tags": there}).encode())
            return self._say(404, b'{"errors":[{"code":"MANIFEST_UNKNOWN"}]}')

        do_HEAD = do_GET

        def _say(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            for key, value in {**registry.headers, **(headers or {})}.items():
                self.send_header(key, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body[: len(body) // 2] if registry.cut else body)

        def log_message(self, *_: Any) -> None:
            pass

    with served_by(Handler) as host:
        registry.host = host
        Registry.AT[host] = registry
        yield registry
