"""The tracking server as this machine reaches it: by TLS or without, as a user or as nobody.

MLflow is imported where it is used: it takes seconds, and an `up` without changes never needs it.
"""

import base64
import json
import os
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from components.clients import https
from components.clients.waiting import wait_out
from components.settings.model_source import RegisteredModel

# Seconds that MLflow may take to answer at the ingress after its Deployment is ready.
REACHABLE_WITHIN = 180


@dataclass(frozen=True, kw_only=True)
class TrackingServer:
    """`trust` is the authority (PEM) of its certificate; "" is what this machine trusts."""

    uri: str
    username: str | None = None
    password: str | None = None
    trust: str = ""

    @classmethod
    def of(cls, props: Mapping[str, Any]) -> Self:
        """The server that a resource's inputs name."""
        return cls(
            uri=props["tracking_uri"],
            username=props.get("username"),
            password=props.get("password"),
            trust=props.get("trust") or "",
        )

    def version_of(self, model: RegisteredModel) -> str:
        """The version that a reference stands for now; an alias is asked for at the server.

        Raises LookupError when the server does not know it, OSError when it does not answer.
        """
        if model.version is not None:
            return str(model.version)
        query = urllib.parse.urlencode({"name": model.name, "alias": model.alias})
        url = f"{self.uri}/api/2.0/mlflow/registered-models/alias?{query}"
        request = urllib.request.Request(url, headers=self._authorization())
        try:
            with https.opener(self.trust).open(request, timeout=10) as answer:
                return str(json.load(answer)["model_version"]["version"])
        except urllib.error.HTTPError as error:
            said = error.read().decode(errors="replace")[:300]
            # What is on the way to it has errors of its own.
            if error.code not in (401, 403) and '"error_code"' not in said:
                raise OSError(f"{error.code} {error.reason}: {said}") from None
            raise LookupError(f"{self.uri} has no models:/{model.name}@{model.alias}: {said}") from None

    def has_version(self, name: str, version: str) -> bool:
        """Raises OSError when the server does not answer, or refuses."""
        query = urllib.parse.urlencode({"name": name, "version": version})
        try:
            self._ask(f"model-versions/get?{query}")
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return False
            raise
        return True

    def registered_model(self, name: str) -> dict[str, Any] | None:
        """What the registry says of a name; None for one that nobody has. Raises OSError when it does not answer."""
        query = urllib.parse.urlencode({"name": name})
        try:
            return dict(self._ask(f"registered-models/get?{query}")["registered_model"])
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise

    def register(self, name: str) -> dict[str, Any]:
        """Register a name that nobody has. Raises OSError when the server refuses."""
        return dict(self._ask("registered-models/create", {"name": name})["registered_model"])

    def tag(self, name: str, key: str, value: str) -> None:
        self._ask("registered-models/set-tag", {"name": name, "key": key, "value": value})

    def _ask(self, path: str, content: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The answer of MLflow's REST API; with `content`, to a POST."""
        request = urllib.request.Request(
            f"{self.uri}/api/2.0/mlflow/{path}",
            data=json.dumps(content).encode() if content is not None else None,
            headers={**self._authorization(), "Content-Type": "application/json"},
        )
        with https.opener(self.trust).open(request, timeout=30) as answer:
            return dict(json.load(answer))

    def wait_until_reachable(self, seconds: float = REACHABLE_WITHIN) -> None:
        """Return when the server answers; raises TimeoutError with its last answer."""

        def silence() -> str:
            try:
                with https.opener(self.trust).open(f"{self.uri}/health", timeout=5):
                    return ""
            except OSError as error:
                return str(error)

        if last := wait_out(silence, seconds, every=1):
            raise TimeoutError(
                f"MLflow did not answer at {self.uri} within {seconds:.0f} s ({last}); is the ingress reachable from "
                "this machine? slipway:tracking.uri names another way"
            )

    def download(self, name: str, version: str, folder: Path, authority: Path) -> Path:
        """Bring a version's files to `folder`; a `trust` of its own is kept in the file `authority` meanwhile.

        What MLflow's client needs is set for the rest of the process: models are brought side by side, and all from
        one server.
        """
        # The client takes them from nowhere else.
        given = {"MLFLOW_TRACKING_USERNAME": self.username, "MLFLOW_TRACKING_PASSWORD": self.password}
        os.environ.update({variable: value for variable, value in given.items() if value})
        if self.trust:
            authority.write_text(self.trust, "utf-8")
            os.environ["MLFLOW_TRACKING_SERVER_CERT_PATH"] = str(authority)
        # MLflow 3.17's server offers every client presigned URLs of its store, which is known inside the cluster only;
        # the client would try them for minutes. This makes the server hand the files on.
        os.environ["MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD"] = "false"
        import mlflow

        # Both: download_artifacts takes a tracking server, and looks versions up in the registry that is set.
        mlflow.set_tracking_uri(self.uri)
        mlflow.set_registry_uri(self.uri)
        mlflow.artifacts.download_artifacts(artifact_uri=f"models:/{name}/{version}", dst_path=str(folder))
        # The registry's own note of where the files came from; it differs between two downloads of one version.
        (folder / "registered_model_meta").unlink(missing_ok=True)
        return folder

    def _authorization(self) -> dict[str, str]:
        """The request's header for a user; {} for nobody."""
        if not self.username:
            return {}
        pair = f"{self.username}:{self.password}".encode()
        return {"Authorization": "Basic " + base64.b64encode(pair).decode()}
