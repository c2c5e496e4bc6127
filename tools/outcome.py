"""How a command ends: the one place that prints what stopped it, and the exit codes.

Needs nothing that is installed: `python -m tools.comment` runs where nothing is.
"""

import errno
import os
import sys
from collections.abc import Callable

from components.errors import SlipwayError

# `command line` is click's own code. A command that runs Pulumi to its end gives Pulumi's code as it is.
CODES = {0: "done", 1: "stopped: stderr says why, and what to do", 2: "the command line is wrong", 130: "interrupted"}


def outcome(command: Callable[[], int | None]) -> int:
    """Run the command; print what stops it, and return its exit code."""
    try:
        return command() or 0
    except SlipwayError as error:
        said = str(error)
    except BrokenPipeError:
        # The reader, such as `head`, has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except PermissionError as error:
        said = f"{error.filename}: no access: make it readable and writable for this user"
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        said = f"the disk of {os.getcwd()} is full: make room, then run the same command again"
    except (KeyboardInterrupt, EOFError):
        print("\nstopped; the same command goes on from here", file=sys.stderr)
        return 130
    print(said, file=sys.stderr)
    return 1
