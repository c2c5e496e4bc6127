"""A cluster's API, asked beside Pulumi: plain paths, plain JSON."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kubernetes import client, config
from urllib3.exceptions import HTTPError

from components.errors import SlipwayError

Object = dict[str, Any]

# Names and metadata are enough to find an object, and a cluster has many.
_METADATA = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
_PATCH = "application/merge-patch+json"


class ClusterError(SlipwayError):
    """The cluster does not answer, or refuses; the message has its words."""


@dataclass(frozen=True)
class ApiResource:
    """A resource of the API, such as Deployments, as discovery tells it; `plural` is its name in paths."""

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @classmethod
    def of(cls, crd: Object) -> "ApiResource":
        """What a CustomResourceDefinition defines, in the version that it is stored in."""
        spec = crd["spec"]
        version = next(each["name"] for each in spec["versions"] if each["storage"])
        names = spec["names"]
        return cls(spec["group"], version, names["kind"], names["plural"], spec["scope"] == "Namespaced")

    def path(self, namespace: str | None = None, name: str | None = None) -> str:
        """Of one object; without a name, of all."""
        root = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        below = f"/namespaces/{namespace}" if self.namespaced and namespace else ""
        return f"{root}{below}/{self.plural}" + (f"/{name}" if name else "")


CRD = ApiResource("apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions", False)
NAMESPACE = ApiResource("", "v1", "Namespace", "namespaces", False)
DEPLOYMENT = ApiResource("apps", "v1", "Deployment", "deployments", True)
CONFIG_MAP = ApiResource("", "v1", "ConfigMap", "configmaps", True)
SECRET = ApiResource("", "v1", "Secret", "secrets", True)
POD = ApiResource("", "v1", "Pod", "pods", True)
JOB = ApiResource("batch", "v1", "Job", "jobs", True)
API_SERVICE = ApiResource("apiregistration.k8s.io", "v1", "APIService", "apiservices", False)
VALIDATING = ApiResource(
    "admissionregistration.k8s.io", "v1", "ValidatingWebhookConfiguration", "validatingwebhookconfigurations", False
)
MUTATING = ApiResource(
    "admissionregistration.k8s.io", "v1", "MutatingWebhookConfiguration", "mutatingwebhookconfigurations", False
)

# Of a container's log.
_LINES = 25


class Cluster:
    """The cluster behind a context of a kubeconfig file."""

    def __init__(self, api: client.ApiClient) -> None:
        self._api = api

    @classmethod
    def at(cls, kubeconfig: str, context: str | None) -> "Cluster":
        """Raises ClusterError for a file that cannot be used. Nothing is asked yet."""
        try:
            return cls(config.new_client_from_config(kubeconfig, context=context))  # type: ignore[no-untyped-call]
        except (config.ConfigException, OSError) as error:
            raise ClusterError(f"{kubeconfig}: {error}") from None

    def get(self, path: str, *, seconds: float = 30, metadata: bool = False) -> Object | None:
        """The JSON at `path`, None where there is nothing. Raises ClusterError."""
        return self._ask("GET", path, seconds=seconds, accept=_METADATA if metadata else "application/json")

    def text(self, path: str) -> str | None:
        """What stands at `path` as it is, such as a log; None where there is nothing. Raises ClusterError."""
        return self._send("GET", path, accept="*/*")

    def last_lines(self, namespace: str, pod: str, container: str, *, previous: bool) -> str:
        """What a container said last, or the one that it took the place of; "" where that is not to be had."""
        path = f"{POD.path(namespace, pod)}/log?container={container}&tailLines={_LINES}"
        try:
            return (self.text(f"{path}&previous={str(previous).lower()}") or "").strip()
        except ClusterError:
            return ""

    def list(
        self, kind: ApiResource, namespace: str | None = None, *, labels: str = "", metadata: bool = False
    ) -> list[Object]:
        """The objects of a kind, [] where the cluster does not know it. Raises ClusterError."""
        path = kind.path(namespace) + (f"?labelSelector={labels}" if labels else "")
        found = (self.get(path, metadata=metadata) or {}).get("items") or []
        # Items of a list do not say their kind.
        return [{**item, "apiVersion": kind.api_version, "kind": kind.kind} for item in found]

    def create(self, kind: ApiResource, body: Mapping[str, Any]) -> None:
        """Make the object. Raises ClusterError, also where one of its name is there."""
        self._ask("POST", kind.path(body["metadata"].get("namespace")), body=body)

    def admits(self, path: str, body: Mapping[str, Any]) -> bool:
        """Whether the object could be made at `path`, the place of its kind; False where there is no such place.

        Nothing is made. Raises ClusterError that says why not.
        """
        return self._ask("POST", f"{path}?dryRun=All", body=body) is not None

    def signed(self, path: str, query: Sequence[tuple[str, str]]) -> tuple[client.Configuration, str, dict[str, str]]:
        """What a connection that is no single request begins with: the settings, the URL, and who asks."""
        _, url, headers, *_ = self._api.param_serialize(
            "GET", path, query_params=list(query), header_params={}, auth_settings=["BearerToken"]
        )
        return self._api.configuration, url, headers

    def delete(self, path: str) -> None:
        """Ask for the deletion; what is gone already is no error. Raises ClusterError."""
        self._ask("DELETE", path)

    def patch(self, path: str, change: Mapping[str, Any]) -> None:
        """Merge `change` into the object; what is gone already is no error. Raises ClusterError."""
        self._ask("PATCH", path, body=change, content=_PATCH)

    def kinds(self) -> Iterator[ApiResource]:
        """Every kind that can be listed and deleted, but not those whose APIService does not answer."""
        yield from self._kinds_of("", "v1")
        groups = self.get("/apis") or {}
        for group in groups.get("groups", []):
            yield from self._kinds_of(group["name"], group["preferredVersion"]["version"])

    def _kinds_of(self, group: str, version: str) -> Iterator[ApiResource]:
        try:
            found = self.get(f"/apis/{group}/{version}" if group else f"/api/{version}")
        except ClusterError:
            return
        for each in (found or {}).get("resources", []):
            if "/" not in each["name"] and {"list", "delete"} <= set(each["verbs"]):
                yield ApiResource(group, version, each["kind"], each["name"], each["namespaced"])

    def _ask(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        content: str = "application/json",
        accept: str = "application/json",
        seconds: float = 30,
    ) -> Object | None:
        text = self._send(method, path, body=body, content=content, accept=accept, seconds=seconds)
        return None if text is None else dict(json.loads(text))

    def _send(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        content: str = "application/json",
        accept: str = "application/json",
        seconds: float = 30,
    ) -> str | None:
        headers = {"Accept": accept, "Content-Type": content}
        request = self._api.param_serialize(
            method, path, header_params=headers, body=body, auth_settings=["BearerToken"]
        )
        try:
            response = self._api.call_api(*request, _request_timeout=seconds)
            text = str(response.read().decode())  # type: ignore[no-untyped-call]
        except (HTTPError, OSError) as error:
            raise ClusterError(f"the cluster does not answer: {error}") from None
        if response.status == 404:
            return None
        if response.status >= 400:
            raise ClusterError(f"{method} {path}: {_said(text)}")
        return text


def _said(text: str) -> str:
    try:
        return str(json.loads(text)["message"])
    except (ValueError, LookupError, TypeError):
        return text.strip()
