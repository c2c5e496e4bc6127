"""Get the pinned tools that are missing into .tools/bin: `python -m tools.toolchain [TOOL…]`.

Official downloads with their publishers' checksums; where those cannot be reached, built from Go modules.
"""

import argparse
import sys

from tools.toolchain.install import install
from tools.toolchain.pins import ON_DEMAND, TOOLS
from tools.toolchain.problem import ToolchainError


def main() -> int:
    names = {tool.name: tool for tool in (*TOOLS, *ON_DEMAND)}
    parser = argparse.ArgumentParser(prog="python -m tools.toolchain", description=__doc__)
    parser.add_argument(
        "tools", nargs="*", metavar="TOOL", help=f"of {', '.join(names)}; default: those of `make tools`"
    )
    wanted = parser.parse_args().tools or [tool.name for tool in TOOLS]
    if unknown := sorted(set(wanted) - set(names)):
        parser.error(f"no tool {', '.join(unknown)}; there are {', '.join(names)}")
    try:
        install([names[name] for name in wanted])
    except ToolchainError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped; the same command goes on from here", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
