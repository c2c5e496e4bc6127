"""The server's side of the model's process."""

import asyncio
import os
import pickle
import signal
import sys
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runtime.place import PYTHON
from runtime.problem import Problem
from runtime.worker import LENGTH, pack


class LoadError(Exception):
    """The model did not load; its log has the traceback."""


class Connection:
    """One model in a process of its own; `metadata` says what the model takes.

    Requests are handed over as they come, and answered in that order: the process never waits for the next.
    A process that dies takes the server along: a pod that restarts is seen, one that answers 500 for ever is not.
    """

    def __init__(self, process: asyncio.subprocess.Process, metadata: Mapping[str, Any]) -> None:
        self.metadata = metadata
        self._process = process
        self._asked: deque[asyncio.Future[dict[str, Any]]] = deque()
        self._reading = asyncio.create_task(self._read())
        self._watch = asyncio.create_task(self._die_with_it())

    @classmethod
    async def open(cls, folder: str) -> "Connection":
        """Start the process and return when the model is loaded. Raises LoadError."""
        process = await asyncio.create_subprocess_exec(
            # Without a Python of its own the model runs in the server's environment.
            os.environ.get(PYTHON) or sys.executable,
            *("-m", "runtime.worker", str(Path(folder).absolute())),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            cwd=Path(__file__).parents[1],
        )
        try:
            first = await _receive(process)
        except asyncio.IncompleteReadError:
            raise LoadError(f"its process ended with {await process.wait()} while it loaded") from None
        if "error" in first:
            await process.wait()
            raise LoadError(first["error"])
        return cls(process, first["metadata"])

    async def infer(self, request: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The outputs of a V2 request. Raises Problem."""
        return list((await self._ask(request))["outputs"])

    async def invocations(self, body: bytes, content_type: str) -> tuple[int, str, str]:
        """Status, text and its type, as MLflow's own server answers."""
        answer = await self._ask({"invocations": body, "content_type": content_type})
        status, text, mimetype = answer["invocations"]
        return status, text, mimetype

    async def _ask(self, message: Mapping[str, Any]) -> dict[str, Any]:
        try:
            sent = pack(dict(message))
        except RecursionError:
            raise Problem("The request is nested too deeply.") from None
        assert self._process.stdin
        answered: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        if self._reading.done():
            raise _gone()
        self._asked.append(answered)
        self._process.stdin.write(sent)
        answer = await answered
        if "error" in answer:
            raise Problem(answer["error"], answer["status"])
        return answer

    async def _read(self) -> None:
        try:
            while True:
                answer = await _receive(self._process)
                answered = self._asked.popleft()
                # Who asked may have gone.
                if not answered.done():
                    answered.set_result(answer)
        except (OSError, asyncio.IncompleteReadError):
            for waiting in self._asked:
                if not waiting.done():
                    waiting.set_exception(_gone())

    def close(self) -> None:
        self._watch.cancel()
        self._reading.cancel()
        if self._process.returncode is None:
            self._process.terminate()

    async def _die_with_it(self) -> None:
        ended = await self._process.wait()
        print(f"the model's process ended with {ended}: the server ends too", file=sys.stderr, flush=True)
        os.kill(os.getpid(), signal.SIGTERM)


def _gone() -> Problem:
    return Problem("The model's process has ended; the rest is in its log.", 500)


async def _receive(process: asyncio.subprocess.Process) -> dict[str, Any]:
    assert process.stdout
    length = LENGTH.unpack(await process.stdout.readexactly(LENGTH.size))[0]
    return dict(pickle.loads(await process.stdout.readexactly(length)))
