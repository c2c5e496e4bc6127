"""Run Pulumi on a stack: `python -m tools.engine up dev`.

Checks the stack's settings first, keeps the state in the checkout unless the stack (`slipway:backend`) or the
environment names another backend, and makes a passphrase for a state that it keeps itself. Arguments after the stack
go to Pulumi as they are.
"""

import argparse
import errno
import sys

from components.clients.process import CommandFailed
from tools import stack_file
from tools.embedded.problem import EmbeddedError
from tools.engine.problem import EngineError
from tools.engine.stack import ROOT, Stack
from tools.engine.verbs import VERBS, run
from tools.toolchain.problem import ToolchainError


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.engine", description=__doc__)
    parser.add_argument("verb", choices=VERBS)
    parser.add_argument("stack")
    parser.add_argument("--confirm", metavar="WORD", help="what lets kept data go; the refusal says which word")
    arguments, extra = parser.parse_known_args()
    try:
        return run(arguments.verb, Stack(arguments.stack), extra, arguments.confirm)
    except (EngineError, ToolchainError, EmbeddedError, stack_file.StackFileError, CommandFailed) as error:
        print(error, file=sys.stderr)
        return 1
    except PermissionError as error:
        print(f"{error.filename}: no write access: make the checkout writable for this user", file=sys.stderr)
        return 1
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        print(f"the disk of {ROOT.absolute()} is full: make room, then run the same command again", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"\nstopped; `make {arguments.verb}` goes on from here", file=sys.stderr)
        return 130


if __name__ == "__main__":
    raise SystemExit(main())
