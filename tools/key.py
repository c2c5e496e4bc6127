"""Print a client's API key: `export SLIPWAY_KEY=$(python -m tools.key prod [CLIENT])`; default: the stack's own key."""

import argparse
import os
import sys

from components.dynamic.api_keys import OWN
from tools import stack_file
from tools.engine import state
from tools.engine.backend import environment
from tools.engine.problem import EngineError
from tools.engine.stack import Stack


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.key", description=__doc__)
    parser.add_argument("stack")
    parser.add_argument("client", nargs="?", default=OWN)
    arguments = parser.parse_args()
    try:
        stack = Stack(arguments.stack)
        env = environment(stack, stack.content, os.environ)
        keys = state.outputs(stack, env, "--show-secrets").get("apiKeys", {})
        if arguments.client not in keys:
            known = ", ".join(sorted(keys)) or "none: its models ask for no credential, or it was never brought up"
            raise EngineError(f"{stack.name} has no key for {arguments.client}; it has: {known}")
    except (EngineError, stack_file.StackFileError) as error:
        print(error, file=sys.stderr)
        return 1
    print(keys[arguments.client])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
