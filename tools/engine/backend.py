"""Where the state is kept, and the passphrase of its secrets."""

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from components.clients import private
from components.errors import SlipwayError
from tools import stack_file
from tools.engine.stack import ROOT, Stack
from tools.environment import tools_first


def own_backend() -> str:
    """The state that is kept in the checkout."""
    return f"file://{(ROOT / 'state').absolute()}"


def environment(stack: Stack, content: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, str]:
    """The environment that Pulumi runs in.

    Raises SlipwayError when a shared state comes without a passphrase, or Pulumi Cloud without a token.
    """
    env = tools_first(given)
    config = content.get("config", {})
    backend = given.get("PULUMI_BACKEND_URL") or config.get(f"{stack_file.PREFIX}backend")
    if f"{stack_file.PREFIX}embedded" in config:
        # Its cluster is of this machine; another one would take a shared state's for gone.
        backend = None
    own = not backend
    env["PULUMI_BACKEND_URL"] = _absolute(backend) if backend else own_backend()
    env.setdefault("PULUMI_SKIP_UPDATE_CHECK", "true")
    # It takes off the state what is alive on a cluster that is away; `continuity` asks whether it is gone.
    env.pop("PULUMI_K8S_DELETE_UNREACHABLE", None)
    # `--event-log` of Pulumi is hidden behind it.
    env.setdefault("PULUMI_DEBUG_COMMANDS", "true")
    if backend and backend.startswith("https://"):
        _require_login(stack, backend, given)
        return env
    _refuse_empty(given)
    if "secretsprovider" in content or "PULUMI_CONFIG_PASSPHRASE" in given or "PULUMI_CONFIG_PASSPHRASE_FILE" in given:
        return env
    if not own:
        raise SlipwayError(
            f"the state of {stack.name} is at {backend}, and its secrets need a passphrase that its users share: set "
            "PULUMI_CONFIG_PASSPHRASE_FILE (or `secretsprovider` in the stack file)"
        )
    env["PULUMI_CONFIG_PASSPHRASE_FILE"] = str(passphrase_file())
    return env


def _absolute(backend: str) -> str:
    """A folder's URL that means the same one from everywhere, and the folder itself; other URLs as they are."""
    if not backend.startswith("file://"):
        return backend
    folder = Path(backend.removeprefix("file://")).expanduser().absolute()
    private.folder(folder)
    return f"file://{folder}"


def _require_login(stack: Stack, backend: str, given: Mapping[str, str]) -> None:
    """Pulumi Cloud keeps the secrets' key itself; it wants to know who asks."""
    home = Path(given.get("PULUMI_HOME") or Path.home() / ".pulumi")
    if not given.get("PULUMI_ACCESS_TOKEN") and not (home / "credentials.json").is_file():
        raise SlipwayError(
            f"the state of {stack.name} is at {backend}: set PULUMI_ACCESS_TOKEN, or `pulumi login {backend}`"
        )


def _refuse_empty(given: Mapping[str, str]) -> None:
    """Pulumi takes an empty passphrase, and then anybody opens the secrets."""
    file = given.get("PULUMI_CONFIG_PASSPHRASE_FILE")
    empty = "PULUMI_CONFIG_PASSPHRASE" in given and not given["PULUMI_CONFIG_PASSPHRASE"].strip()
    if file and "PULUMI_CONFIG_PASSPHRASE" not in given:
        try:
            empty = not Path(file).expanduser().read_text().strip()
        except OSError as error:
            raise SlipwayError(f"PULUMI_CONFIG_PASSPHRASE_FILE: {file}: {error.strerror}") from None
    if empty:
        raise SlipwayError("the passphrase is empty, and would encrypt nothing: set the one of the state")


def passphrase_file() -> Path:
    """The passphrase of the checkout's own state, made on first use, readable by its owner only."""
    path = (ROOT / "passphrase").absolute()
    private.folder(path.parent)
    if path.exists():
        path.chmod(0o600)
        if not path.read_text().strip():
            raise SlipwayError(
                f"{path} is empty, and would encrypt with no passphrase at all",
                remedy="put the passphrase back; if no stack of this checkout was made with it, delete the file",
            )
        return path
    private.write(path, secrets.token_urlsafe(32).encode())
    return path
