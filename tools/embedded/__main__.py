"""The embedded cluster and its servers: `python -m tools.embedded up|down|status [STACK]`.

`up` starts what does not run, `down` stops it all and keeps the data, `status` exits with 1 unless all runs.
"""

import argparse
import sys

from components.settings import SettingsError
from tools import stack_file
from tools.embedded.problem import EmbeddedError
from tools.embedded.stack import EmbeddedStack
from tools.environment import tools_first


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.embedded", description=__doc__)
    parser.add_argument("verb", choices=("up", "down", "status"))
    parser.add_argument("stack", nargs="?", default="local")
    arguments = parser.parse_args()
    stack = EmbeddedStack(stack_file.path_of(arguments.stack), tools_first(), print)
    try:
        if arguments.verb == "up":
            stack.up()
        elif arguments.verb == "down":
            stack.stop()
        running = stack.running()
    except (EmbeddedError, SettingsError, stack_file.StackFileError) as error:
        print(error, file=sys.stderr)
        return 1
    for name, runs in running.items():
        print(f"{name}: {'runs' if runs else 'stopped'}")
    return 1 if arguments.verb == "status" and not all(running.values()) else 0


if __name__ == "__main__":
    raise SystemExit(main())
