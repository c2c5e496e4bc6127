"""What Pulumi is told of a stack's settings: nothing of this machine, because the state keeps all that it is told."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from components.clients import kubeconfig, private
from tools.engine.stack import Stack
from tools.stack_file import PREFIX


def portable(stack: Stack, content: Mapping[str, Any]) -> dict[str, Any]:
    """The content with the stack's own files in place of this user's; the kubeconfig is written with the cluster."""
    config = {key: value for key, value in content.get("config", {}).items() if key != f"{PREFIX}backend"}
    cluster, build = config.get(f"{PREFIX}cluster") or {}, config.get(f"{PREFIX}build") or {}
    if cluster.get("existing"):
        existing = {"kubeconfig": str(kubeconfig.own(stack.folder)), "context": kubeconfig.CONTEXT}
        config[f"{PREFIX}cluster"] = {**cluster, "existing": existing}
    if build.get("caBundle"):
        own = private.folder(stack.folder) / "ca-bundle.crt"
        private.write(own, Path(build["caBundle"]).read_bytes())
        config[f"{PREFIX}build"] = {**build, "caBundle": str(own)}
    return {**content, "config": config}
