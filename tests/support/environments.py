"""An environment of a Python with the flavours that are wanted of it: kept in .slipway/support."""

import hashlib
import subprocess
from collections.abc import Iterable
from pathlib import Path

import uv

from tests.support.cells import BY_NAME

FOLDER = Path(".slipway") / "support"


def python_of(version: str) -> str | None:
    """The interpreter of such a version on this machine, if there is one."""
    done = _uv("python", "find", "--no-python-downloads", "--no-project", version)
    return done.stdout.strip() if done.returncode == 0 else None


def environment(version: str, mlflow: str, flavours: Iterable[str]) -> Path:
    """The Python of the environment that holds the flavours of these names."""
    packages = sorted({each for flavour in flavours for each in BY_NAME[flavour].packages})
    wanted = [f"mlflow=={mlflow}", *(each for each in packages if each != "mlflow")]
    key = hashlib.sha256("\n".join(wanted).encode()).hexdigest()[:12]
    home = (FOLDER / f"python-{version}-{key}").absolute()
    if not (home / "installed").is_file():
        _done(_uv("venv", "--quiet", "--clear", "--python", str(python_of(version)), str(home)))
        into = ("--python", str(home / "bin" / "python"), "--only-binary", ":all:")
        _done(_uv("pip", "install", "--quiet", *into, *wanted))
        (home / "installed").touch()
    return home / "bin" / "python"


def _uv(*words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([uv.find_uv_bin(), *words], capture_output=True, text=True, check=False)


def _done(ended: "subprocess.CompletedProcess[str]") -> None:
    assert ended.returncode == 0, ended.stderr
