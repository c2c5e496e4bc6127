"""Load the model, then serve it: `python -m runtime`. Ends with 1 when it does not load."""

import importlib
import os
import sys

import uvloop

from runtime.connection import Connection, LoadError
from runtime.place import FOLDER, SERVER


async def main() -> None:
    try:
        connection = await Connection.open(os.environ[FOLDER])
    except LoadError as error:
        sys.exit(f"the model did not load: {error}")
    server = importlib.import_module(f"runtime.on_{os.environ[SERVER]}")
    await server.serve(connection)
    connection.close()


if __name__ == "__main__":
    uvloop.run(main())
