"""The model's own process: it loads the model, then answers what the server hands it.

`python -m runtime.worker FOLDER` reads from standard input and writes to the standard output that it was given; what
the model itself prints goes to standard error. A message is its length, eight bytes, and a pickle of plain values; the
first one out says what the model takes, or why it did not load.
"""

from __future__ import annotations

import logging
import os
import pickle
import struct
import sys
import traceback
from pathlib import Path
from typing import Any, BinaryIO

from runtime.problem import Problem

LENGTH = struct.Struct("<Q")
# Old enough for every Python that there may be on the other side.
PROTOCOL = 4


def pack(message: Any) -> bytes:
    body = pickle.dumps(message, protocol=PROTOCOL)
    return LENGTH.pack(len(body)) + body


def receive(source: BinaryIO) -> Any:
    """The next message. Raises EOFError when the other side is gone."""
    head = source.read(LENGTH.size)
    if len(head) < LENGTH.size:
        raise EOFError
    return pickle.loads(source.read(LENGTH.unpack(head)[0]))


def answer(model: Any, message: dict[str, Any]) -> dict[str, Any]:
    """What the server gets for a message: `outputs`, or `error` and `status`."""
    try:
        if "invocations" in message:
            return {"invocations": model.invocations(message["invocations"], message["content_type"])}
        return {"outputs": model.infer(message)}
    except Problem as problem:
        return {"error": problem.message, "status": problem.status}
    except Exception as error:
        logging.getLogger("runtime").exception("the request could not be handled")
        return {"error": f"The server failed with {type(error).__name__}; the rest is in its log.", "status": 500}


def main() -> None:
    logging.basicConfig(stream=sys.stderr, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    # What the model prints does not get among the messages, and nothing waits for input that never comes.
    os.dup2(2, 1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    try:
        from runtime.model import Model

        model = Model(Path(sys.argv[1]))
        first = {"metadata": model.metadata()}
    except BaseException as error:
        traceback.print_exc()
        answers.write(pack({"error": f"{type(error).__name__}: {error}"}))
        answers.flush()
        sys.exit(1)
    answers.write(pack(first))
    answers.flush()
    while True:
        try:
            message = receive(requests)
        except EOFError:
            return
        answers.write(pack(answer(model, message)))
        answers.flush()


if __name__ == "__main__":
    main()
