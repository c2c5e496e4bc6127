"""Two people, each with a home, a checkout, a Python and a kubeconfig of their own, who share a stack."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import yaml

from components.clients import private
from components.clients.waiting import wait_out
from tools.bench.frame.checkout import checkout
from tools.stack_file import PREFIX

STACK = "team"


@dataclass(frozen=True, kw_only=True)
class Person:
    home: Path
    checkout: Path
    # The virtual environment.
    python: Path
    # What differs between machines beside paths.
    env: Mapping[str, str] = field(default_factory=dict)
    umask: int = 0o022

    @classmethod
    def at(cls, folder: Path, name: str, python: Path, **different: Any) -> "Person":
        """A person whose checkout is somewhere below `folder`."""
        home, root = folder / f"home-of-{name}", folder / f"work-of-{name}" / name / "slipway"
        home.mkdir()
        root.mkdir(parents=True)
        checkout(root)
        (root / ".venv").unlink()
        (root / ".venv").symlink_to(python)
        return cls(home=home, checkout=root, python=python, **different)

    def settle(self, settings: Mapping[str, Any]) -> None:
        """Write the stack file."""
        content = {"config": {f"{PREFIX}{key}": value for key, value in settings.items()}}
        (self.checkout / f"Pulumi.{STACK}.yaml").write_text(yaml.safe_dump(content))

    def know(self, kubeconfig: Mapping[str, Any], context: str) -> None:
        """Have the cluster in the own kubeconfig, under a name of one's own."""
        content = json.loads(json.dumps(kubeconfig))
        for section in ("contexts", "clusters", "users"):
            content[section][0]["name"] = context
        content["contexts"][0]["context"] = {"cluster": context, "user": context}
        private.folder(self.home / ".kube")
        (self.home / ".kube" / "config").write_text(yaml.safe_dump({**content, "current-context": context}))

    def call(self, context: str) -> None:
        """Name the cluster's context on this machine alone."""
        existing = {"kubeconfig": str(self.home / ".kube" / "config"), "context": context}
        content = {"config": {f"{PREFIX}cluster": {"existing": existing}}}
        (self.checkout / f"Pulumi.{STACK}.override.yaml").write_text(yaml.safe_dump(content))

    @property
    def variables(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        return {**kept, "HOME": str(self.home), "PULUMI_CONFIG_PASSPHRASE": "shared", **self.env}

    def command(self, verb: str, *arguments: str) -> list[str]:
        return [str(self.python / "bin" / "python"), "-m", "tools", verb, STACK, *arguments]

    def try_to(self, verb: str, *arguments: str) -> tuple[int, str]:
        """The exit code, and what was said."""
        done = subprocess.run(
            self.command(verb, *arguments),
            cwd=self.checkout,
            env=self.variables,
            umask=self.umask,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    def make(self, verb: str, *arguments: str) -> str:
        code, said = self.try_to(verb, *arguments)
        assert code == 0, said
        return said

    def pulumi(self, *arguments: str) -> str:
        """What Pulumi says that is run by hand, as one does without `make`."""
        places = (self.python / "bin", self.checkout / ".tools" / "bin", self.variables["PATH"])
        env = {**self.variables, **self.backend, "PATH": os.pathsep.join(map(str, places))}
        done = subprocess.run(
            ["pulumi", *arguments, "--stack", STACK, "--non-interactive"],
            cwd=self.checkout,
            env=env | {"PULUMI_SKIP_UPDATE_CHECK": "true", "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true"},
            umask=self.umask,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def begin(self, verb: str) -> "subprocess.Popen[Any]":
        return subprocess.Popen(
            self.command(verb),
            cwd=self.checkout,
            env=self.variables,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def state(self) -> dict[str, Any]:
        """What Pulumi has of the stack, secrets opened."""
        return dict(json.loads(self.pulumi("stack", "export", "--show-secrets")))

    @property
    def backend(self) -> dict[str, str]:
        config = yaml.safe_load((self.checkout / f"Pulumi.{STACK}.yaml").read_text())["config"]
        return {"PULUMI_BACKEND_URL": config[f"{PREFIX}backend"]}


def engine_of(run: "subprocess.Popen[Any]", verb: str) -> psutil.Process:
    """Pulumi's own process, once it works on the stack."""

    def works(process: psutil.Process) -> bool:
        # It may end meanwhile.
        with contextlib.suppress(psutil.NoSuchProcess):
            return process.name() == "pulumi" and process.cmdline()[1:2] == [verb] and bool(process.children())
        return False

    def found() -> list[psutil.Process]:
        if run.poll() is not None:
            return []
        return [each for each in psutil.Process(run.pid).children(recursive=True) if works(each)]

    wait_out(lambda: run.poll() is None and not found(), 120, every=0.05)
    engines = found()
    assert engines, f"`{verb}` ended before it began"
    return engines[0]


def killed(run: "subprocess.Popen[Any]") -> None:
    """End it and all that it started, as a machine that goes down does."""
    family = [psutil.Process(run.pid), *psutil.Process(run.pid).children(recursive=True)]
    for each in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            each.send_signal(signal.SIGKILL)
    run.wait()


def texts(value: Any) -> Iterator[str]:
    """Every text in a state, keys too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield key
            yield from texts(item)
    elif isinstance(value, Sequence):
        for item in value:
            yield from texts(item)


def other_python(folder: Path) -> Path:
    """A virtual environment of the other supported Python, where there is one; else a second one of this."""
    import uv

    minor = "3.12" if sys.version_info[:2] == (3, 11) else "3.11"
    project, made = Path(__file__).parents[2], folder / "other-python"
    uv_bin = uv.find_uv_bin()
    found = subprocess.run([uv_bin, "python", "find", minor], capture_output=True, text=True, check=False)
    chosen = found.stdout.strip() if found.returncode == 0 else sys.executable
    subprocess.run([uv_bin, "venv", "--quiet", "--seed", "--python", chosen, str(made)], check=True)
    install = [uv_bin, "pip", "install", "--quiet", "--python", str(made / "bin" / "python")]
    wanted = ["--requirement", str(project / "requirements.txt"), "--constraint", str(project / "requirements.lock")]
    subprocess.run([*install, *wanted], check=True)
    return made
