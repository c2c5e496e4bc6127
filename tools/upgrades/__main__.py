"""Compare what a stack has with what it asks for: `python -m tools.upgrades prod`.

Prints every version that changes and what the projects' rules say of it; exits with 1 when `up` would refuse.
"""

import argparse
import os
import sys

from components.clients.cluster_api import ClusterError
from tools import check, stack_file
from tools.engine import state
from tools.engine.backend import environment
from tools.engine.problem import EngineError
from tools.engine.stack import Stack
from tools.upgrades.comparison import compare


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.upgrades", description=__doc__)
    parser.add_argument("stack")
    stack = Stack(parser.parse_args().stack)
    try:
        if faults := check.faults(stack.file):
            raise EngineError("\n".join(faults))
        env = environment(stack, stack.content, os.environ)
        comparison = compare(stack, state.resources(stack, env))
    except (EngineError, ClusterError, stack_file.StackFileError) as error:
        print(error, file=sys.stderr)
        return 1
    print(comparison)
    return 1 if comparison.refused else 0


if __name__ == "__main__":
    raise SystemExit(main())
