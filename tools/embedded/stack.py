"""A stack that brings its own cluster: started before Pulumi runs, stopped after the destroy."""

import contextlib
import fcntl
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from components.clients import private
from components.errors import SlipwayError
from components.settings import Embedded, Existing, Settings, parse_settings
from tools import stack_file
from tools.embedded import ports
from tools.embedded.control_plane import ControlPlane
from tools.embedded.example import Example
from tools.environment import tools_first
from tools.files import write_whole

_PORTS = "ports.json"
# Which process listens on each port.
LISTENERS = {
    "apiserver": "kube-apiserver",
    "etcd": "etcd",
    "etcd-peer": "etcd",
    "tracking": "mlflow",
    "model": "mlserver",
    "model-grpc": "mlserver",
    "model-metrics": "mlserver",
}


@dataclass(frozen=True)
class EmbeddedStack:
    """The embedded stack whose settings are in `file`."""

    file: Path
    env: Mapping[str, str]
    say: Callable[[str], None]

    @classmethod
    def of(cls, file: Path) -> "EmbeddedStack":
        """As a command works with it: the pinned tools first, and what happens is printed."""
        return cls(file, tools_first(), lambda line: print(line, flush=True))

    @property
    def settings(self) -> Settings:
        return parse_settings(stack_file.settings_of(stack_file.effective(self.file)))

    @property
    def existing(self) -> Existing:
        existing = self.settings.cluster.existing
        if not existing:
            raise SlipwayError(f"{self.file}: slipway:cluster: write `existing`")
        return existing

    @property
    def folder(self) -> Path:
        return stack_file.machine_path_of(self.file).absolute().parent / "embedded"

    @property
    def ports(self) -> dict[str, int]:
        """Those that its servers have. Raises SlipwayError where it was never up."""
        return ports.chosen(self.folder / _PORTS)

    def up(self, example: bool = True) -> None:
        """Start what does not run; with `example`, return when the model is served. Raises SlipwayError."""
        with self._alone():
            chosen = self._choose_ports()
            servers = self._example(chosen)
            if example:
                # It takes longest to start: let it, while the control plane does.
                servers.start_tracking()
            plane = self._plane(chosen)
            self._check_kubeconfig(plane)
            if not all(plane.running().values()):
                self.say("starting etcd, kube-apiserver, kube-controller-manager and KWOK")
            plane.start()

            if example:
                # One server answers for all of them: they have one source.
                models = sorted(self.settings.models, key=lambda model: model.train is None)
                for model in models[:1]:
                    servers.serve(model)

    def start_tracking(self) -> None:
        """Start MLflow alone, and return when it answers. Raises SlipwayError."""
        with self._alone():
            servers = self._example(self._choose_ports())
            servers.start_tracking()
            servers.wait_for_tracking()

    @contextlib.contextmanager
    def without_tracking(self) -> Iterator[None]:
        """Nothing of this stack reads or writes what MLflow keeps; the next `up` starts anew with it."""
        with self._alone():
            servers = self._example({})
            servers.stop()
            servers.forget()
            yield

    def stop(self) -> None:
        """End all processes; the data stays for the next `up`."""
        if self.folder.is_dir():
            with self._alone():
                self._example({}).stop()
                self._plane({}).stop()

    def remove(self) -> None:
        """End all processes and delete their data."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
        stack_file.machine_path_of(self.file).unlink(missing_ok=True)

    def running(self) -> dict[str, bool]:
        return {**self._plane({}).running(), **self._example({}).running()}

    def _plane(self, chosen: Mapping[str, int]) -> ControlPlane:
        return ControlPlane(self.folder, self.existing.context, chosen, self.env)

    def _example(self, chosen: Mapping[str, int]) -> Example:
        return Example(self.folder, chosen, self.env, self.say)

    def _choose_ports(self) -> dict[str, int]:
        """The ports, and with them the machine's own part of the settings."""
        running = self.running()
        used = {port: running[process] for port, process in LISTENERS.items()}
        chosen = ports.choose(self.folder / _PORTS, self.settings.embedded or Embedded(), used)
        own = {
            f"{stack_file.PREFIX}ingress": {"address": f"127.0.0.1:{chosen['model']}"},
            f"{stack_file.PREFIX}tracking": {"uri": f"http://127.0.0.1:{chosen['tracking']}"},
        }
        write_whole(stack_file.machine_path_of(self.file), yaml.safe_dump({"config": own}))
        return chosen

    def _check_kubeconfig(self, plane: ControlPlane) -> None:
        wanted = (self.file.parent / Path(self.existing.kubeconfig).expanduser()).absolute()
        if wanted != plane.kubeconfig:
            raise SlipwayError(
                f"{self.file}: slipway:cluster.existing.kubeconfig: the embedded cluster's is {plane.kubeconfig}, "
                f"not {wanted}"
            )

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """One command at a time: a second one waits."""
        private.folder(self.folder)
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def told(running: Mapping[str, bool]) -> str:
    return "\n".join(f"{name}: {'runs' if runs else 'stopped'}" for name, runs in running.items())
