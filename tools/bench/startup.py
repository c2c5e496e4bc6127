"""Starting up: what a command costs before it does anything.

The second `up` of a stack, which changes nothing, beside `pulumi up` of an empty program with the same Python; then
what the imports of its processes take of it, each in a Python of its own beside one that imports nothing. The stack is
the local one, on its embedded control plane.
"""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from components.clients.process import run as command
from tools.bench.frame.fleet import fleet
from tools.bench.frame.pulumi import EMPTY, Project
from tools.bench.frame.row import Row
from tools.bench.frame.run import Run
from tools.environment import tools_first

# What __main__.py imports, without what it does.
_PROGRAM = """
import ast, pathlib
tree = ast.parse(pathlib.Path("__main__.py").read_text())
tree.body = [each for each in tree.body if isinstance(each, ast.Import | ast.ImportFrom)]
exec(compile(tree, "__main__.py", "exec"))
"""
IMPORTS = {
    "the program": _PROGRAM,
    "`import pulumi`": "import pulumi",
    "`import pulumi_kubernetes`": "import pulumi_kubernetes",
    "the policies": "import pulumi_policy, policy.pack",
    "`make up`": "import tools.commands.up",
    "nothing": "",
}


def rows(run: Run) -> Iterator[Row]:
    empty = Project.of(run.scratch / "empty", EMPTY)
    empty.up()
    with fleet(run.scratch / "slipway") as made:
        made.tools("up")
        second = {
            "`make up`": lambda: made.tools("up"),
            "`pulumi up` of the same stack": made.project.up,
            "`pulumi up` of an empty program": empty.up,
        }
        yield from run.compared("second up", second)
        yield from run.compared("imports", {name: _python(made.root, code) for name, code in IMPORTS.items()})


def _python(folder: Path, code: str) -> Callable[[], object]:
    return lambda: command([sys.executable, "-c", code], env=tools_first(), cwd=folder)
