"""A deployed model, asked through the ingress until the right version gives the right answer."""

import json
import shlex
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from components.clients import https
from components.clients.connection import cluster_of
from components.clients.waiting import wait_out
from components.errors import SlipwayError
from components.serving.agreement import difference

if TYPE_CHECKING:
    from components.serving.pod_failure import ModelPods

# Which version of a model with a canary is to answer, `stable` or `canary`; without the header the shares decide.
VERSION_HEADER = "x-slipway-version"
# What a gateway, Knative or KServe answers while a model is on its way; anything else in the 400s is the model's word.
_NOT_YET = {404, 408, 425, 429}
# How often a model may fail in a row, half a second apart, before nobody waits any longer.
_STEADY = 10
# Seconds between two looks at the pods.
_LOOK_EVERY = 5.0
# A gateway takes seconds to learn of a new key.
_NOT_ALLOWED_YET = _NOT_YET | {401, 403}


class Refused(SlipwayError):
    """The model answered, and the answer was an error or the wrong one."""


class ModelFault(OSError):
    """The model, or its server, failed; it may be on its way still."""


@dataclass(frozen=True, kw_only=True)
class Access:
    """What a request to a protected gateway needs: the gateway's address, its authority (PEM) and a credential.

    `track` asks for one version of a model with a canary: `stable` or `canary`.
    """

    address: str | None = None
    ca: str = ""
    key: str | None = None
    track: str | None = None


def request(url: str, host: str, body: dict[str, Any] | None, access: Access | None = None) -> dict[str, Any]:
    """POST a V2 request (or GET, without one) and return the answer.

    Raises Refused for an answer that waiting will not change, OSError for any other failure.
    """
    access = access or Access()
    headers = {"Host": host, "Content-Type": "application/json"}
    if access.key:
        headers["Authorization"] = f"Bearer {access.key}"
    if access.track:
        headers[VERSION_HEADER] = access.track
    data = json.dumps(body).encode() if body is not None else None
    opener = https.opener(access.ca, access.address)
    try:
        with opener.open(urllib.request.Request(url, data, headers), timeout=30) as answer:
            return _answered(answer.read())
    except urllib.error.HTTPError as error:
        text = error.read().decode(errors="replace").strip()
        if error.code == HTTPStatus.INTERNAL_SERVER_ERROR:
            raise ModelFault(f"the model answered 500: {message(text)}") from None
        if 400 <= error.code < 500 and error.code not in (_NOT_ALLOWED_YET if access.key else _NOT_YET):
            raise Refused(f"the model answered {error.code}: {message(text)}") from None
        raise OSError(f"{error.code} {error.reason}: {text[:200]}") from None


def _answered(content: bytes) -> dict[str, Any]:
    try:
        return dict(json.loads(content)) if content else {}
    except ValueError:
        raise Refused(
            "what answered is no model, but another server on the way, such as a login page: "
            f"{content[:200].decode(errors='replace')!r}"
        ) from None


def message(text: str) -> str:
    """The `error` of a V2 error body, or the body itself."""
    try:
        return str(json.loads(text)["error"])
    except (ValueError, KeyError, TypeError):
        return text[:1000] or "(no text)"


def url(props: dict[str, Any], path: str) -> str:
    """What is asked: by TLS always the host by its name, which its certificate must have."""
    if props.get("tls"):
        return f"{https.origin(props['host'], props.get('address'))}{path}"
    return f"http://{props.get('address') or props['host']}{path}"


def access(props: dict[str, Any]) -> Access:
    address = props.get("address") if props.get("tls") else None
    return Access(address=address, ca=props.get("ca") or "", key=props.get("key"))


def curl(props: dict[str, Any], body: dict[str, Any]) -> str:
    """A command that makes the same request again; a key stands in it as $SLIPWAY_KEY."""
    address, words = props.get("address"), ["curl", "-sS"]
    if props.get("tls"):
        if props.get("ca"):
            words += ["--cacert", props["ca_file"]]
        if address:
            place, port = https.split(address)
            words += ["--connect-to", f"{props['host']}:{port}:{place}:{port}"]
    elif address:
        words += ["-H", f"Host: {props['host']}"]
    key = ['-H "Authorization: Bearer $SLIPWAY_KEY"'] if props.get("key") else []
    content = ["-H", "Content-Type: application/json", "-d", json.dumps(body), url(props, props["path"])]
    return " ".join([shlex.join(words), *key, shlex.join(content)])


def command(props: dict[str, Any]) -> str:
    """The command that asks the model for its example; "" for one without."""
    example = json.loads(props["example"])
    return curl(props, _body(example)) if example else ""


def _body(example: dict[str, Any]) -> dict[str, Any]:
    """The request in the model's example."""
    return {key: example[key] for key in ("inputs", "parameters") if key in example}


def predict(props: dict[str, Any]) -> dict[str, Any]:
    """Ask until the wanted version gives the right answer. Raises Refused, or TimeoutError with the last failure."""
    example = json.loads(props["example"])
    if example and "inputs" not in example:
        raise Refused(
            'the model\'s example has no inputs: log it with slipway_example={"inputs": [...]} in its metadata'
        )
    body = _body(example) if example else None
    path = props["path"] if example else props["path"].replace("/infer", "")
    deadline = time.monotonic() + float(props["seconds"])
    answer = _from_version(props, path, body, deadline, props["version"], "stable")
    if props.get("canary") is not None:
        # While there is no canary this proves that no share of the traffic goes to the one before.
        _from_version(props, path, body, deadline, props["canary"], "canary")
    right = example.get("outputs") if example else None
    if right is not None and (wrong := difference(answer, right)):
        raise Refused(f"the model's answer is not the one that its example has: {wrong}")
    return {"url": url(props, props["path"]), "answer": json.dumps(answer), "curl": command(props)}


def _from_version(
    props: dict[str, Any], path: str, body: dict[str, Any] | None, deadline: float, version: str, track: str
) -> dict[str, Any]:
    """Ask until `version` answers on its track, `stable` or `canary`. Raises Refused, or TimeoutError."""
    by = replace(access(props), track=track if props.get("canary") is not None else None)
    answer: dict[str, Any] = {}
    faults, looked = 0, time.monotonic()

    def missing() -> str:
        nonlocal answer, faults
        try:
            answer = request(url(props, path), props["host"], body, by)
        except OSError as error:
            faults = faults + 1 if isinstance(error, ModelFault) else 0
            if faults >= _STEADY:
                pods = _pods(props)
                lines = pods.last_lines() if pods else ""
                raise Refused(f"{error}, {faults} times over" + (f"; its log:\n{lines}" if lines else "")) from None
            last = str(error)
        else:
            served = answer.get("model_version") or (answer.get("versions") or [None])[0]
            last = "" if served in (None, version) else f"version {served} still answers"
        if last:
            look()
        return last

    def look() -> None:
        """Raise Refused where the wanted version does not start, whether or not the one before still answers."""
        nonlocal looked
        if time.monotonic() - looked > _LOOK_EVERY:
            looked = time.monotonic()
            if (pods := _pods(props)) and (why := pods.failure()):
                raise Refused(f"the model does not start: {why}") from None

    if last := wait_out(missing, deadline - time.monotonic()):
        raise TimeoutError(
            f"no answer from version {version} at {url(props, path)} (Host: {props['host']}) within "
            f"{props['seconds']:.0f} s; the last try: {last}. To find out why: {props['look']}"
        )
    return answer


def _pods(props: dict[str, Any]) -> "ModelPods | None":
    """The pods that are to answer; None where they cannot be looked at."""
    if not props.get("kubeconfig_path"):
        return None
    # Kubernetes' client takes a while to import, and most models answer before anybody looks.
    from components.clients.cluster_api import ClusterError
    from components.serving.pod_failure import ModelPods

    try:
        cluster = cluster_of(props)
    except ClusterError:
        return None
    return ModelPods(cluster=cluster, namespace=props["namespace"], service=props["service"], image=props["image"])
