"""Settings are plain data: a file is checked without Pulumi, and in a fraction of a second."""

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

FOLDER = Path("components/settings")
HEAVY = {"pulumi", "pulumi_kubernetes", "kubernetes", "mlflow", "sqlalchemy", "cryptography"}


def imports(file: Path) -> set[str]:
    """Modules that the file imports at its top; `from package import module` counts as the module where it is one."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            for each in node.names:
                whole = f"{node.module}.{each.name}"
                is_module = Path(*whole.split(".")).with_suffix(".py").is_file()
                found.add(whole if is_module else node.module)
    return found


@pytest.mark.parametrize("file", sorted(FOLDER.rglob("*.py")), ids=str)
def test_settings_import_nothing_else_of_the_program_but_its_base_error(file: Path) -> None:
    own = {name for name in imports(file) if name.split(".")[0] in ("components", "tools", "hpa", "policy", "model")}
    assert {name for name in own if not name.startswith("components.settings")} <= {"components.errors"}


def test_no_file_of_the_settings_imports_itself_by_a_detour() -> None:
    graph = {
        ".".join(file.with_suffix("").parts): {name for name in imports(file) if name.startswith("components.settings")}
        for file in FOLDER.rglob("*.py")
        if file.name != "__init__.py"
    }
    assert tuple(TopologicalSorter(graph).static_order())


def test_settings_come_without_anything_slow() -> None:
    code = f"import sys, components.settings; print(sorted({HEAVY!r} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_a_file_is_checked_without_pulumi() -> None:
    code = f"import sys, tools.check; print(sorted({HEAVY!r} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
