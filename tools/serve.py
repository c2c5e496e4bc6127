"""One model on this machine, as its image would serve it, without a container or a cluster."""

import json
import os
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import uv

from components.clients.process import INTERRUPTED, foreground
from components.errors import SlipwayError
from components.models.model_image import SERVER
from components.serving import context, example
from components.serving.logged_model import LoggedModel
from components.serving.plan import Plan, Wishes
from components.serving.servers import SERVERS
from tools.dockerfile import Dockerfile
from tools.files import write_whole

# Environments are kept here, one folder for each set of versions.
FOLDER = Path(".slipway") / "serve"


def prepared(model: Path, wishes: Wishes, folder: Path = FOLDER) -> tuple[Path, Plan]:
    """The build context of the model and its plan, with both environments beside it. Raises SlipwayError."""
    made = (folder / "context").absolute()
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir(parents=True)
    last = folder / "last.json"
    before = Plan.parse(last.read_text()) if last.is_file() else None
    plan = Plan.parse(context.write(model.absolute(), made, Path(SERVER), None, wishes, before)["plan"])
    write_whole(last, plan.dump())
    home = _home(plan, folder)
    if not (home / "installed").is_file():
        shutil.rmtree(home, ignore_errors=True)
        _install(home / "model", plan.python, made / "requirements", "requirements.lock")
        _install(home / "server", plan.python, made, "server.txt")
        # As in the image, where the server borrows what it has not itself.
        [packages] = (home / "server").glob("lib/python*/site-packages")
        borrowed = packages.relative_to(home / "server")
        (packages / "model.pth").write_text(f"{home / 'model' / borrowed}\n")
        (home / "installed").touch()
    return made, plan


def _home(plan: Plan, folder: Path) -> Path:
    return (folder / f"{plan.server}-{plan.python}-{plan.key[:12]}").absolute()


def _install(environment: Path, python: str, folder: Path, requirements: str) -> None:
    """An environment of locked requirements, as `model/install` makes one."""
    into = ["--python", str(environment / "bin" / "python"), "--index-strategy", "unsafe-best-match", "--no-deps"]
    for arguments in (
        ["venv", "--quiet", "--python", python, str(environment)],
        ["pip", "install", "--quiet", *into, "--requirements", requirements],
    ):
        done = subprocess.run([uv.find_uv_bin(), *arguments], cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SlipwayError(f"uv {arguments[0]} for Python {python} failed:\n{done.stderr.strip()}")


def variables(made: Path, plan: Plan, port: int, folder: Path = FOLDER) -> dict[str, str]:
    """The image's environment; only folders, ports and the host are this machine's."""
    home = _home(plan, folder)
    image = Dockerfile.read().environment({"SERVER": plan.server, "MODEL_VERSION": "local"})
    here = {
        "PATH": f"{home / 'server' / 'bin'}{os.pathsep}{os.defpath}",
        "MODEL_PYTHON": str(home / "model" / "bin" / "python"),
        "MLSERVER_HOST": "127.0.0.1",
        "MLSERVER_HTTP_PORT": str(port),
        "MLSERVER_GRPC_PORT": str(port + 1),
        "MLSERVER_METRICS_PORT": str(port + 2),
    }
    return {**{name: value.replace("/srv", str(made)) for name, value in image.items()}, **here}


def told(model: LoggedModel, plan: Plan, port: int) -> str:
    """What a reader is told while the server starts: which one it is, and how to ask it."""
    url = f"http://127.0.0.1:{port}/v2/models/mlflow-model"
    why = f" ({plan.reason})" if plan.reason else ""
    known: Mapping[str, object] | None = example.of(model)
    asked = {key: value for key, value in (known or {}).items() if key != "outputs"}
    question = ["-H", "Content-Type: application/json", "-d", json.dumps(asked), f"{url}/infer"]
    command = shlex.join(["curl", "-sS", *(question if asked else [url])])
    return f"{SERVERS[plan.server].title} on Python {plan.python}{why}; when it is ready:\n  {command}"


def serve(model: Path, wishes: Wishes, port: int) -> int:
    """Serve until interrupted; the server's exit code."""
    made, plan = prepared(model, wishes)
    print(told(LoggedModel(model), plan, port), flush=True)
    code = foreground(Dockerfile.read().command, variables(made, plan, port), cwd=made)
    return 0 if code == INTERRUPTED else code
