"""The program, run without an engine: every registration is recorded, and nothing is made.

Stands on what Pulumi offers for it: `pulumi.runtime.set_mocks`, and the monitor that it takes.
"""

import asyncio
import json
import runpy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pulumi
from google.protobuf import json_format
from pulumi.runtime.mocks import MockCallArgs, MockMonitor, MockResourceArgs, Mocks
from pulumi.runtime.rpc import is_rpc_secret, unwrap_rpc_secret, wrap_rpc_secret
from pulumi.runtime.stack import Stack

from components.serving.plan import Plan
from components.serving.servers import DEFAULT_PYTHON

# What stands in place of a secret in `Registration.hidden`.
HIDDEN = "[secret]"
# Of a model whose files nobody has read yet.
_PLAN = Plan(python=DEFAULT_PYTHON, server="mlserver", reason=None)


class _Answers(Mocks):
    """What providers would add to the inputs."""

    def new_resource(self, args: MockResourceArgs) -> tuple[str, dict[Any, Any]]:
        outputs = dict(args.inputs)
        if args.typ.startswith("pulumi-python:"):
            outputs |= {"value": "s3cret", "version": "1", "example": "null"}
            outputs |= {
                "digest": "d" * 64,
                "content": f"sha256:{'c' * 64}",
                "identity": "1a2b",
                "uid": "1a2b",
            }
            outputs |= {"ca": "PEM", "issuer": "slipway-1a2b", "jwks": '{"keys": []}'}
            outputs |= {"plan": _PLAN.dump()}
            said = {"url": "http://model.test", "answer": "{}", "curl": "curl"}
            outputs |= {"answers": dict.fromkeys(args.inputs.get("questions", ()), said)}
            clients = [each["name"] for each in args.inputs.get("clients", ())]
            outputs |= {"previous": {} if clients else ""}
            outputs |= {"subjects": {name: f"{name}.0" for name in clients}, "keys": dict.fromkeys(clients, "k3y")}
        if "repository" in args.inputs:
            outputs["reference"] = f"{args.inputs['repository']}@sha256:{'0' * 64}"
        if args.typ == "kubernetes:helm.sh/v3:Release":
            outputs["status"] = {"name": args.inputs["name"]}
        namespace = args.inputs.get("metadata", {}).get("namespace") if isinstance(args.inputs, Mapping) else None
        name = args.inputs.get("metadata", {}).get("name", args.name) if isinstance(args.inputs, Mapping) else args.name
        return f"{namespace}/{name}" if namespace else name, outputs

    def call(self, args: MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        raise AssertionError(f"the program calls {args.token}")


class Registration:
    """One registered resource: type, name, inputs as its manifest, and the options that the engine is told."""

    def __init__(self, request: Any) -> None:
        self.type: str = request.type
        self.name: str = request.name
        self.custom: bool = request.custom
        self.parent: str = request.parent
        self.provider: str = request.provider
        self.protect: bool = request.protect
        self.deleted_with: str = request.deletedWith
        # What the engine may know it by.
        self.aliases: list[Any] = list(request.aliases)
        # Names of what it waits for, and of the namespaces among that.
        self.dependencies: set[str] = {urn.rpartition("::")[2] for urn in request.dependencies}
        self.namespaces: set[str] = {
            urn.rpartition("::")[2] for urn in request.dependencies if "core/v1:Namespace::" in urn
        }
        self.secret_outputs: list[str] = list(request.additionalSecretOutputs)
        # Whether the state is told where the program's files are.
        self.placed: bool = request.HasField("sourcePosition") or bool(request.stackTrace.frames)
        # As they are on the wire, secrets marked as such.
        self.raw: dict[str, Any] = json_format.MessageToDict(request.object)
        self.inputs: dict[str, Any] = _plain(self.raw)
        # The inputs, with HIDDEN for every secret.
        self.hidden: dict[str, Any] = _plain(self.raw, HIDDEN)

    @property
    def kind(self) -> str:
        """The last part of the type: `Deployment`, `Release`, `Cluster`."""
        return self.type.rpartition(":")[2].rpartition("/")[2]

    def __repr__(self) -> str:
        return f"{self.type}::{self.name}"


def _plain(value: Any, secret: str | None = None) -> Any:
    """Secrets opened, or `secret` in their place, and numbers as the manifest has them: the wire knows floats only."""
    if is_rpc_secret(value):
        return secret or _plain(unwrap_rpc_secret(value))
    if isinstance(value, dict):
        return {key: _plain(item, secret) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item, secret) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


class Recorder(MockMonitor):
    """Keeps each registration as the engine would be told it."""

    def __init__(self) -> None:
        super().__init__(_Answers())
        self.requests: list[Any] = []

    def RegisterResource(self, request: Any) -> Any:
        self.requests.append(request)
        answer = super().RegisterResource(request)  # type: ignore[no-untyped-call]
        # The engine marks them, not the provider.
        for name in request.additionalSecretOutputs:
            if name in answer.object.fields:
                plain = json_format.MessageToDict(answer.object.fields[name])
                answer.object.update({name: wrap_rpc_secret(plain)})
        return answer


class Run:
    """What a program registered, and what it exported."""

    def __init__(self, requests: Sequence[Any], outputs: Mapping[str, Any]) -> None:
        self.all = [Registration(each) for each in requests if each.type != "pulumi:pulumi:Stack"]
        self.outputs = outputs

    def of(self, kind: str) -> list[Registration]:
        """The resources of a kind, without the components that hold them."""
        return [entry for entry in self.all if entry.custom and entry.kind == kind]

    def one(self, kind: str, name: str | None = None) -> Registration:
        found = [entry for entry in self.of(kind) if name in (None, entry.name)]
        assert len(found) == 1, f"{len(found)} {kind}s named {name}: {found}"
        return found[0]

    @property
    def kubernetes(self) -> list[Registration]:
        return [entry for entry in self.all if entry.type.startswith("kubernetes:")]


def run(program: Callable[[], Any], stack: str = "test", config: Mapping[str, Any] | None = None) -> Run:
    """Run `program` with `config` as the values of the `slipway:` keys, until everything that it started has ended."""
    # Pulumi takes the thread's loop, which another test may have closed.
    asyncio.set_event_loop(asyncio.new_event_loop())
    recorder = Recorder()
    texts = {
        f"slipway:{key}": value if isinstance(value, str) else json.dumps(value)
        for key, value in (config or {}).items()
    }
    pulumi.runtime.set_mocks(recorder.mocks, project="slipway", stack=stack, preview=False, monitor=recorder)
    pulumi.runtime.set_all_config(texts)
    root = pulumi.runtime.get_root_resource()
    assert isinstance(root, Stack)
    root.outputs.clear()
    outputs: dict[str, Any] = {}

    def exported() -> pulumi.Output[None]:
        program()
        return pulumi.Output.all(**root.outputs).apply(outputs.update)

    pulumi.runtime.test(exported)()  # type: ignore[no-untyped-call]
    return Run(recorder.requests, outputs)


def run_stack(stack: str, config: Mapping[str, Any]) -> Run:
    """Run the whole program on the values of a stack's `slipway:` keys. Raises SettingsError."""
    return run(lambda: runpy.run_path("__main__.py") and None, stack, config)
