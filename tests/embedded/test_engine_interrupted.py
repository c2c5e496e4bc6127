"""Pulumi itself, on a program that takes its time: its lock, its end and its state, whoever cuts a run off.

No cluster: what is tried here is the same with any.
"""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psutil
import pytest
from pyarrow import fs

from components.clients.process import INTERRUPTED
from components.clients.waiting import wait_out
from tests.embedded import s3
from tests.embedded.people import engine_of, killed
from tools.engine import strays
from tools.environment import tools_first

pytestmark = [pytest.mark.embedded, pytest.mark.team]

PROJECT = Path(__file__).parents[2]
STACK = "slow"
PROGRAM = """
import pathlib, time
from pulumi.dynamic import CreateResult, Resource, ResourceProvider

class Slowly(ResourceProvider):
    def create(self, props):
        pathlib.Path("began").write_text("")
        for _ in range(600):
            if pathlib.Path("enough").exists():
                break
            time.sleep(0.1)
        return CreateResult("slow", props)

class Slow(Resource, module="slow", name="Slow"):
    pass

Slow(Slowly(), "slow", {})
"""
# As the tools' own verbs run it.
RUN = """
import os, sys
from tools.engine import process
from tools.engine.scratch import scratch
with scratch():
    sys.exit(process.pulumi(["up", "--stack", sys.argv[1], "--yes", "--skip-preview", "--non-interactive"], os.environ))
"""


@dataclass(frozen=True)
class Slow:
    """A program whose one resource is made when the file `enough` is there, after a minute otherwise."""

    folder: Path
    env: dict[str, str]

    def begin(self) -> "subprocess.Popen[str]":
        """Start it, and return when the resource is being made."""
        (self.folder / "began").unlink(missing_ok=True)
        run = self._run()
        wait_out(lambda: run.poll() is None and not (self.folder / "began").exists(), 180, every=0.05)
        assert (self.folder / "began").exists(), run.communicate()[0]
        return run

    def whole(self) -> tuple[int, str]:
        """Run it to its end; the exit code, and what was said."""
        run = self._run()
        said, _ = run.communicate(timeout=300)
        return run.returncode, said

    def _run(self) -> "subprocess.Popen[str]":
        command = [sys.executable, "-c", RUN, STACK]
        streams: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        return subprocess.Popen(command, cwd=self.folder, env=self.env, start_new_session=True, **streams)

    def enough(self) -> None:
        (self.folder / "enough").write_text("")

    def pulumi(self, *arguments: str) -> str:
        command = ["pulumi", *arguments, "--stack", STACK]
        return subprocess.run(command, cwd=self.folder, env=self.env, capture_output=True, text=True, check=True).stdout

    def put(self, name: str, content: str) -> None:
        """A file of the state's."""
        place = urlsplit(self.env["PULUMI_BACKEND_URL"])
        if place.scheme == "file":
            path = Path(place.path, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
            return
        user, password = (self.env[f"AWS_{each}"] for each in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"))
        endpoint = parse_qs(place.query)["endpoint"][0]
        system = fs.S3FileSystem(access_key=user, secret_key=password, endpoint_override=endpoint, scheme="http")
        with system.open_output_stream(f"{place.netloc}/{name}") as file:
            file.write(content.encode())

    @property
    def left(self) -> list[Any]:
        """Processes and folders of a run."""
        scratches = list((self.folder / ".slipway" / "tmp").iterdir())
        return [*scratches, *(process for each in scratches for process in strays.of(each))]

    @property
    def state(self) -> dict[str, Any]:
        return dict(json.loads(self.pulumi("stack", "export"))["deployment"])


@pytest.fixture(params=["folder", "bucket"])
def slow(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Slow]:
    folder = tmp_path / "program"
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text("name: slow\nruntime: python\n")
    (folder / "__main__.py").write_text(PROGRAM)
    own = {**tools_first(), "PULUMI_CONFIG_PASSPHRASE": "x", "PULUMI_SKIP_UPDATE_CHECK": "true"}
    own["PYTHONPATH"] = str(PROJECT)
    if request.param == "folder":
        (tmp_path / "state").mkdir()
        yield _made(Slow(folder, own | {"PULUMI_BACKEND_URL": f"file://{tmp_path / 'state'}"}))
    elif not s3.is_here():
        pytest.skip("no `minio` on PATH")
    else:
        with s3.bucket(tmp_path) as (url, login):
            yield _made(Slow(folder, own | login | {"PULUMI_BACKEND_URL": url}))


def _made(slow: Slow) -> Slow:
    slow.pulumi("stack", "init")
    return slow


def test_a_second_run_is_refused_with_who_runs_the_first(slow: Slow) -> None:
    first = slow.begin()
    engine = engine_of(first, "up")
    code, said = slow.whole()
    assert code not in (0, INTERRUPTED)
    assert f"somebody else works on {STACK}: " in said
    assert f" on {socket.gethostname()} (process {engine.pid}), since " in said
    slow.enough()
    assert first.wait(120) == 0
    assert slow.whole()[0] == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_all_of_it_and_the_lock_is_gone(slow: Slow, number: signal.Signals) -> None:
    run = slow.begin()
    run.send_signal(number)
    # The resource is being made: it is waited for, for as long as Pulumi has patience.
    slow.enough()
    assert run.wait(120) == INTERRUPTED
    assert slow.left == []
    code, said = slow.whole()
    assert code == 0, said
    assert "lock" not in said
    assert not slow.state.get("pending_operations")


@pytest.mark.parametrize("whole", [True, False], ids=["all of it", "the command alone"])
def test_after_a_kill_the_next_run_ends_what_is_left_and_goes_on(slow: Slow, whole: bool) -> None:
    run = slow.begin()
    engine = engine_of(run, "up")
    if whole:
        killed(run)
    else:
        run.kill()
        run.wait()
    slow.enough()
    code, said = slow.whole()
    assert code == 0, said
    assert not engine.is_running() or engine.status() == psutil.STATUS_ZOMBIE
    # Pulumi alone may go on, or end with the pipe that nobody reads any more.
    assert "the lock of a run that was killed is taken away" in said or not whole
    assert slow.left == []
    assert [each for each in slow.state["resources"] if each["type"].startswith("pulumi-python:")]


MAKE = """
import os, sys
from tools.engine import process
from tools.engine.lock import Locks
Locks(sys.argv[1]).begun(int(sys.argv[2]))
sys.exit(process.pulumi(["stack", "init", sys.argv[1], "--non-interactive", "--no-select"], os.environ))
"""


def test_a_run_that_was_killed_while_it_made_the_stack_is_no_end_of_it(slow: Slow) -> None:
    """Pulumi takes no lock away of a stack that is not there."""
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    slow.put(".pulumi/locks/organization/slow/unmade/x.json", lock_of(dead.pid))
    done = subprocess.run(
        [sys.executable, "-c", MAKE, "unmade", str(dead.pid)],
        cwd=slow.folder,
        env=slow.env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"the lock of a run that was killed is taken away: me on {socket.gethostname()}" in done.stdout
    assert "unmade" in slow.pulumi("stack", "ls", "--json")


def lock_of(pid: int) -> str:
    # As Pulumi's own lock says it; it was taken a moment after the process had begun.
    at = datetime.now(UTC) + timedelta(seconds=1)
    said = {"pid": pid, "username": "me", "hostname": socket.gethostname(), "timestamp": at.isoformat()}
    return json.dumps(said)


def test_what_is_not_ours_is_left_running(slow: Slow) -> None:
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"], env=dict(os.environ))
    try:
        killed(slow.begin())
        slow.enough()
        assert slow.whole()[0] == 0
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()
