"""A Job that trains and registers a model version, when the one that is asked for is missing."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import pulumi
import pulumi_kubernetes as k8s
from pulumi import Input, Output, Resource, ResourceOptions

from components import settings as s
from components.kubernetes import pods
from components.kubernetes.namespaces import DATA_ACCOUNT
from components.models.training_files import TrainingFiles
from components.settings.images import Images
from components.settings.model_source import RegisteredModel

_UID = 1000
# What MLflow's client would do with URLs that the store has signed.
_DIRECT = ("MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD", "MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD")


@dataclass(frozen=True, kw_only=True)
class TrainingArgs:
    model: RegisteredModel
    settings: s.Train
    images: Images
    namespace: Output[str]
    tracking_uri: Input[str]
    # How it logs in, by reference; empty where nobody must.
    login: Sequence[dict[str, Any]]
    # The store, whose bucket the artifacts go to.
    storage: Resource
    # Trainings that must be over: MLflow numbers versions in the order in which they are registered.
    after: tuple[Resource, ...] = ()


def arguments_of(model: RegisteredModel, args: Sequence[str]) -> list[str]:
    """What every script is told. It decides itself whether there is anything to train (`--ensure`)."""
    return ["--registered-model", model.name, "--ensure", model.wanted, *args]


def job_spec(args: TrainingArgs, config_maps: Sequence[Input[str]], arguments: Sequence[str]) -> dict[str, Any]:
    scratch, tmp = pods.scratch("tmp")
    return {
        "backoffLimit": 2,
        "template": {
            "metadata": {"labels": pods.labels("train")},
            "spec": {
                "restartPolicy": "Never",
                "serviceAccountName": DATA_ACCOUNT,
                "automountServiceAccountToken": False,
                "securityContext": pods.pod_security(_UID),
                "containers": [
                    {
                        "name": "train",
                        "image": args.images["mlflow"],
                        "command": list(arguments),
                        "workingDir": "/tmp",
                        "env": [
                            {"name": "MLFLOW_TRACKING_URI", "value": args.tracking_uri},
                            *args.login,
                            # The user has no entry in the image's passwd, and there is no git to ask for a commit.
                            *pods.env({"HOME": "/tmp", "USER": "slipway", "GIT_PYTHON_REFRESH": "quiet"}),
                            # Through MLflow, not past it to the store, which the Job may not reach.
                            *pods.env(dict.fromkeys(_DIRECT, "false")),
                        ],
                        "resources": args.settings.resources.manifest(),
                        "securityContext": pods.CONTAINER,
                        "volumeMounts": [tmp, {"name": "script", "mountPath": "/model", "readOnly": True}],
                    }
                ],
                "volumes": [scratch, {"name": "script", **_mounted(config_maps)}],
            },
        },
    }


def _mounted(config_maps: Sequence[Input[str]]) -> dict[str, Any]:
    if len(config_maps) == 1:
        return {"configMap": {"name": config_maps[0]}}
    return {"projected": {"sources": [{"configMap": {"name": name}} for name in config_maps]}}


class Training(pulumi.ComponentResource):
    """`done` is known when the version is registered.

    The Job's name carries a hash of what it runs: another script, version or argument is another Job.
    """

    done: Output[str]

    def __init__(self, name: str, args: TrainingArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:models:Training", name, None, opts)
        child = ResourceOptions(parent=self)
        files = TrainingFiles.of(args.settings)
        arguments = ["python", *files.words, *arguments_of(args.model, args.settings.args)]
        content = [*files.texts.values(), *(hashlib.sha256(part).hexdigest() for part in files.parts)]
        digest = hashlib.sha256(json.dumps([*content, arguments, args.images["mlflow"]]).encode()).hexdigest()[:10]
        job_name = f"{name}-train-{digest}"
        first = k8s.core.v1.ConfigMap(
            f"{name}-script",
            metadata={"name": job_name, "namespace": args.namespace},
            data=files.texts,
            opts=child,
        )
        parts = [
            k8s.core.v1.ConfigMap(
                f"{name}-script-{part}",
                metadata={"name": f"{job_name}-{part}", "namespace": args.namespace},
                binary_data=files.binary(part),
                opts=child,
            )
            for part in range(len(files.parts))
        ]
        config_maps = [each.metadata["name"] for each in (first, *parts)]
        job = k8s.batch.v1.Job(
            f"{name}-train",
            metadata={
                "name": job_name,
                "namespace": args.namespace,
                "annotations": {"pulumi.com/timeoutSeconds": "1800"},
            },
            spec=job_spec(args, config_maps, arguments),
            opts=ResourceOptions(parent=self, depends_on=[args.storage, *args.after]),
        )
        # Another run of it is another one, of the same name too: what it registered is to be brought anew.
        self.done = job.metadata.apply(lambda made: run_of(cast(Mapping[str, str], made)))
        self.register_outputs({"done": self.done})


def run_of(metadata: Mapping[str, str]) -> str:
    """Which run of the Job this is; empty in a preview of a Job that is not made yet."""
    return metadata.get("uid", "")
