"""Write every manifest of a stack: `python -m tools.render dev [--to FOLDER]`.

Runs the program without an engine and renders its Helm charts, so that a change can be read as a diff of two folders.
No cluster is needed, and no secret is written. Charts that cannot be reached are listed in NOT-RENDERED.txt.
"""

import argparse
import sys
from pathlib import Path

from components.settings import SettingsError
from tools import stack_file
from tools.render.folder import NOT_RENDERED, write
from tools.render.problem import RenderError
from tools.render.stack import render
from tools.toolchain.problem import ToolchainError


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.render", description=__doc__)
    parser.add_argument("stack")
    parser.add_argument("--to", type=Path, metavar="FOLDER", help="default: rendered/STACK")
    parser.add_argument("--all", action="store_true", help="fail when a chart cannot be reached")
    arguments = parser.parse_args()
    folder = arguments.to or Path("rendered") / arguments.stack
    try:
        rendering = render(stack_file.path_of(arguments.stack))
        count = write(rendering, folder)
    except (stack_file.StackFileError, SettingsError, ToolchainError, RenderError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{folder}: {count} files")
    for release in rendering.releases:
        if why := rendering.missing.get(release.key):
            print(f"not rendered: {release}: {why}", file=sys.stderr)
    if rendering.missing:
        print(f"{len(rendering.missing)} charts are missing; {folder / NOT_RENDERED} lists them", file=sys.stderr)
    return 1 if rendering.missing and arguments.all else 0


if __name__ == "__main__":
    raise SystemExit(main())
