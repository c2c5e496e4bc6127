"""A running stack's model, as benchmarks ask and watch it: by kubectl, and from within its own pod."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from components.clients import kubeconfig
from components.clients.process import run as command
from components.errors import SlipwayError
from components.serving.protocol import HTTP_PORT
from tools.bench.frame import in_pod
from tools.engine.stack import Stack
from tools.environment import tools_first
from tools.predict import Served, served

# An annotation of the pods, which means nothing to anybody.
_MARK = "slipway/replaced"
_CHANGED_WITHIN = 60.0


@dataclass(frozen=True, kw_only=True)
class Model:
    """`found` is what the stack's outputs say of it."""

    stack: Stack
    found: Served

    @classmethod
    def first_of(cls, stack: Stack) -> Self:
        """Raises SlipwayError for a stack that serves none."""
        return cls(stack=stack, found=served(stack, None)[0])

    @property
    def deployment(self) -> str:
        return f"deployment/{self.found.name}-predictor"

    def kubectl(self, *words: str, given: str | None = None) -> str:
        """In the model's namespace. Raises CommandFailed."""
        own = [f"--kubeconfig={kubeconfig.own(self.stack.folder)}", f"--namespace={self.found.namespace}"]
        return command(["kubectl", *own, *words], stdin=given, env=tools_first(), timeout=None)

    def pods(self) -> list[dict[str, Any]]:
        label = f"--selector=serving.kserve.io/inferenceservice={self.found.name}"
        return list(json.loads(self.kubectl("get", "pods", label, "--output=json"))["items"])

    def replace_pods(self, mark: str | None) -> None:
        """Have new pods in place of all, and wait until the old ones are going; None takes the mark away again.

        KServe takes back what `kubectl rollout restart` writes into its Deployment: it is told itself.
        """
        before = self._generation()
        patch = {"spec": {"predictor": {"annotations": {_MARK: mark}}}}
        self.kubectl("patch", f"inferenceservice/{self.found.name}", "--type=merge", f"--patch={json.dumps(patch)}")
        end = time.monotonic() + _CHANGED_WITHIN
        while self._generation() == before:
            if time.monotonic() > end:
                raise SlipwayError(f"KServe did not change {self.deployment} within {_CHANGED_WITHIN:.0f} s")
            time.sleep(0.1)
        self.kubectl("rollout", "status", self.deployment, "--timeout=300s")

    def _generation(self) -> str:
        return self.kubectl("get", self.deployment, "--output=jsonpath={.metadata.generation}")

    def server(self) -> dict[str, Any]:
        """Where `asked` finds the server itself, as a pod of the model reaches it."""
        return {
            "url": f"http://127.0.0.1:{HTTP_PORT}{urlsplit(self.found.url).path}",
            "host": self.found.host,
            "ca": "",
            "key": None,
        }

    def asked(self, place: Mapping[str, Any], clients: int, seconds: float) -> list[float]:
        """Seconds of each answer to the model's own example. Raises SlipwayError where one was none."""
        pods = self.pods()
        if not pods:
            raise SlipwayError(f"{self.found.name} has no pod now", remedy=f"make predict STACK={self.stack.name}")
        told = {**place, "body": self.found.question(None), "clients": clients, "seconds": seconds}
        name = pods[0]["metadata"]["name"]
        inside = ["exec", "--stdin", name, "--container=kserve-container", "--", "python", "-c"]
        said = json.loads(self.kubectl(*inside, Path(in_pod.__file__).read_text(), given=json.dumps(told)))
        if said["failed"] or not said["latencies"]:
            raise SlipwayError(f"{place['url']}: {len(said['failed'])} requests failed: {said['failed'][:3]}")
        return list(said["latencies"])
