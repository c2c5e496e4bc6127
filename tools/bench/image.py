"""The model's image: how large it is, and how long it takes to build and to push.

The example model, trained on this machine, becomes an image three times over, on the same base image and with the
same versions of what it was trained with: Slipway's; one of the Dockerfile that `mlflow models generate-dockerfile`
writes, with MLflow's own server in it; and one as MLflow wrote it up to 3.12 with `--enable-mlserver`, where pip
installs MLflow, MLServer and the requirements. Each is built without the builder's cache and pushed to a registry that
is empty; Slipway's time has the resolving of the requirements in it. Then a second version of the model, which needs
the same, is built and pushed to the same registry: what is pushed are the layers that it had not.

Sizes are docker's own, unpacked; what is pushed is packed.
"""

import json
import re
import shutil
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from components.clients.process import run as command
from components.serving import context
from components.serving import plan as plans
from components.serving.plan import Plan, Wishes
from components.settings.versions import IMAGES
from tools.bench.frame import example
from tools.bench.frame.checkout import PROJECT
from tools.bench.frame.row import Row
from tools.bench.frame.run import Run
from tools.environment import tools_first

# Needs docker, and minutes of it.
ONLY_BY_NAME = True

_SERVER = PROJECT / "model"
_OURS, _MLFLOW, _PIP = "Slipway", "`mlflow models generate-dockerfile`", "pip with MLServer"
# By where they are.
_PARTS = {"/opt/server": "the server", "/opt/model": "what the model needs", "/srv/model/?": "the model"}
_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
_BY_PIP = """FROM {base}
WORKDIR /opt/mlflow
RUN pip install mlflow=={mlflow} 'mlserver==1.7.1' 'mlserver-mlflow==1.7.1' 'uvloop<0.22'
COPY model /opt/ml/model
RUN pip install -r /opt/ml/model/requirements.txt
ENV MLSERVER_MODEL_IMPLEMENTATION=mlserver_mlflow.MLflowRuntime MLSERVER_MODEL_URI=/opt/ml/model
CMD ["mlserver", "start", "/opt/ml/model"]
"""


@dataclass(frozen=True, kw_only=True)
class Built:
    """Seconds until it was pushed, bytes unpacked, and those of each layer in the registry by its digest."""

    seconds: float
    size: int
    layers: Mapping[str, int]


def rows(run: Run) -> Iterator[Row]:
    models = example.versions(run.scratch, (1.0, 0.5))
    prepare: dict[str, Callable[[Path, Path], list[str]]] = {_OURS: _ours, _MLFLOW: _by_mlflow, _PIP: _by_pip}
    first: dict[str, list[Built]] = {way: [] for way in prepare}
    second: dict[str, list[int]] = {way: [] for way in prepare}
    parts: dict[str, int] = {}
    for number in range(run.repeats):
        for way, prepared in prepare.items():
            run.say(f"round {number + 1} of {run.repeats}: {way}")
            with _registry() as registry:
                one = _built(registry, partial(prepared, models[0]), run, fresh=True)
                other = _built(registry, partial(prepared, models[1]), run, fresh=False)
                if way == _OURS:
                    parts = _parts(_name(registry))
            first[way].append(one)
            second[way].append(sum(size for digest, size in other.layers.items() if digest not in one.layers))
    for way, each in first.items():
        yield Row(what="from the model's folder to a pushed image", way=way, values=[one.seconds for one in each])
    for way, each in first.items():
        yield Row(what="size of the image", way=way, values=[one.size / 1e6 for one in each], unit="MB")
    for way, each in first.items():
        pushed = [sum(one.layers.values()) / 1e6 for one in each]
        yield Row(what="pushed of a first model", way=way, values=pushed, unit="MB")
    for way, sizes in second.items():
        yield Row(what="pushed of a second model", way=way, values=[size / 1e3 for size in sizes], unit="kB")
    for layer, size in parts.items():
        yield Row(what="what Slipway's image is made of", way=layer, values=[size / 1e6], unit="MB")


def _ours(model: Path, folder: Path) -> list[str]:
    """As `up` does it."""
    plan = Plan.parse(context.write(model, folder, _SERVER, None, Wishes())["plan"])
    arguments = {"BASE_IMAGE": _base(plan.python), **plans.build_args(plan)}
    return [word for key, value in arguments.items() for word in ("--build-arg", f"{key}={value}")]


def _by_mlflow(model: Path, folder: Path) -> list[str]:
    told = ["--model-uri", str(model), "--output-directory", str(folder), "--env-manager", "local"]
    command([sys.executable, "-m", "mlflow", "models", "generate-dockerfile", *told], env=tools_first(), timeout=None)
    lines = (folder / "Dockerfile").read_text().splitlines()
    # The same base for all: MLflow's would be of another patch release.
    based = [f"FROM {_base()}" if line.startswith("FROM ") else line for line in lines]
    (folder / "Dockerfile").write_text("\n".join(based))
    return []


def _by_pip(model: Path, folder: Path) -> list[str]:
    from mlflow.version import VERSION

    folder.mkdir()
    shutil.copytree(model, folder / "model")
    (folder / "Dockerfile").write_text(_BY_PIP.format(base=_base(), mlflow=VERSION))
    return []


def _base(python: str = "3.11") -> str:
    """By its tag: its digest is another one where a mirror made it."""
    return IMAGES[f"python-{python}"].partition("@")[0]


def _built(registry: str, prepare: Callable[[Path], list[str]], run: Run, *, fresh: bool) -> Built:
    folder, name = run.scratch / "context", _name(registry)
    shutil.rmtree(folder, ignore_errors=True)
    began = time.perf_counter()
    arguments = [*prepare(folder), *(("--no-cache",) if fresh else ())]
    _docker("build", "--quiet", "--tag", name, *arguments, str(folder))
    _docker("push", "--quiet", name)
    seconds = time.perf_counter() - began
    size = int(_docker("image", "inspect", "--format", "{{.Size}}", name))
    return Built(seconds=seconds, size=size, layers=_layers(registry))


def _name(registry: str) -> str:
    return f"{registry}/slipway-bench:1"


def _parts(image: str) -> dict[str, int]:
    """Bytes of what Slipway's image is made of."""
    said = _docker("history", "--no-trunc", "--human=false", "--format", "{{.Size}} {{.CreatedBy}}", image)
    found = dict.fromkeys(("the base", *_PARTS.values(), "the rest"), 0)
    ours = True
    for line in said.splitlines():
        size, _, made = line.partition(" ")
        part = next((name for target, name in _PARTS.items() if re.search(rf"{target}(?!\w)", made)), "the rest")
        found[part if ours else "the base"] += int(size)
        # The latest comes first: what stands behind the server is the base image.
        ours = ours and part != _PARTS["/opt/server"]
    return found


def _layers(registry: str) -> dict[str, int]:
    url = f"http://{registry}/v2/slipway-bench/manifests/1"
    with urllib.request.urlopen(urllib.request.Request(url, headers={"Accept": _MANIFEST})) as answer:
        said = json.load(answer)
    return {each["digest"]: each["size"] for each in said["layers"]}


@contextmanager
def _registry() -> Iterator[str]:
    """An empty one on this machine, which goes again."""
    image = IMAGES["registry"].partition("@")[0]
    name = _docker("run", "--detach", "--rm", "--publish", "127.0.0.1::5000", image).strip()
    try:
        place = _docker("port", name, "5000/tcp").splitlines()[0]
        yield place
    finally:
        _docker("stop", "--time", "1", name)


def _docker(*words: str) -> str:
    return command(["docker", *words], env=tools_first(), timeout=None)
