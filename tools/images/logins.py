"""The logins that `docker login` left for container registries."""

import base64
import json
import os
import subprocess
from pathlib import Path
from typing import Any

from components.clients.docker import HUB


def config() -> dict[str, Any]:
    """docker's own file; empty without one."""
    folder = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
    try:
        content = json.loads((folder / "config.json").read_text())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def login(host: str) -> str:
    """`user:password` in base64 for the registry; "" where nobody logged in."""
    known = config()
    key = HUB if host == "docker.io" else host
    helper = (known.get("credHelpers") or {}).get(key) or known.get("credsStore")
    if helper and (given := _from_helper(helper, key)):
        return given
    return str(((known.get("auths") or {}).get(key) or {}).get("auth") or "")


def _from_helper(helper: str, key: str) -> str:
    """https://github.com/docker/docker-credential-helpers"""
    command = [f"docker-credential-{helper}", "get"]
    try:
        done = subprocess.run(command, input=key, capture_output=True, text=True, timeout=10, check=True)
        given = json.loads(done.stdout)
        return base64.b64encode(f"{given['Username']}:{given['Secret']}".encode()).decode()
    except (OSError, subprocess.SubprocessError, ValueError, KeyError):
        return ""
