"""Print a client's API key: `export SLIPWAY_KEY=$(python -m tools.key prod [CLIENT])`; default: the stack's own key."""

import argparse
import os
import sys

from components.api_keys import OWN
from tools import engine, stack_file


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.key", description=__doc__)
    parser.add_argument("stack")
    parser.add_argument("client", nargs="?", default=OWN)
    arguments = parser.parse_args()
    try:
        stack = engine.Stack(arguments.stack)
        env = engine.environment(stack, stack_file.effective(stack.file), os.environ)
        keys = engine.outputs(stack, env, "--show-secrets").get("apiKeys", {})
        if arguments.client not in keys:
            known = ", ".join(sorted(keys)) or "none: its models ask for no credential, or it was never brought up"
            raise engine.EngineError(f"{stack.name} has no key for {arguments.client}; it has: {known}")
    except (engine.EngineError, stack_file.StackFileError) as error:
        print(error, file=sys.stderr)
        return 1
    print(keys[arguments.client])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
