"""Which part of the program may import which, read from the code: what only types need counts too."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

PARTS = ("components", "hpa", "policy", "tools")
FILES = {
    ".".join(path.with_suffix("").parts).removesuffix(".__init__"): path
    for part in PARTS
    for path in Path(part).rglob("*.py")
}


def imports(module: str) -> set[str]:
    """The modules of the program that one imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(FILES[module].read_text())):
        if isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {
                f"{node.module}.{each.name}" if f"{node.module}.{each.name}" in FILES else node.module
                for each in node.names
            }
    return {each for each in found if each in FILES and each != module}


GRAPH = {module: imports(module) for module in FILES}


def unit(module: str) -> str:
    """`components.ingress`, `tools.render`, `hpa`: what is used as a whole. A file beside them stands for itself."""
    words = module.split(".")
    deep = words[0] in ("components", "tools")
    return ".".join(words[: 2 if deep else 1])


def circles(graph: Mapping[str, set[str]]) -> Iterator[list[str]]:
    """Every way that leads back to where it began, once for each beginning."""
    for start in graph:
        ways, seen = [[start]], {start}
        while ways:
            way = ways.pop()
            for step in graph[way[-1]]:
                if step == start and len(way) > 1:
                    yield way
                if step not in seen:
                    seen.add(step)
                    ways.append([*way, step])


def among(prefix: str) -> dict[str, set[str]]:
    return {module: found for module, found in GRAPH.items() if module == prefix or module.startswith(f"{prefix}.")}


def test_no_module_imports_itself_by_a_detour() -> None:
    assert list(circles(GRAPH)) == []


def test_no_package_imports_itself_by_a_detour() -> None:
    units: dict[str, set[str]] = {unit(module): set() for module in GRAPH}
    for module, found in GRAPH.items():
        units[unit(module)] |= {unit(each) for each in found} - {unit(module)}
    assert list(circles(units)) == []


@pytest.mark.parametrize(
    ("part", "allowed"),
    [
        ("components.settings", {"components.settings", "components.errors"}),
        ("components", {"components"}),
        ("policy", {"policy"}),
        ("hpa", {"hpa", "components.settings", "components.errors", "tools.files", "tools.stack_file"}),
    ],
)
def test_a_part_imports_only_what_is_below_it(part: str, allowed: set[str]) -> None:
    found = {each for module in among(part).values() for each in module}
    assert {each for each in found if not any(each == name or each.startswith(f"{name}.") for name in allowed)} == set()


@pytest.mark.parametrize("part", ["components.settings", "components.errors", "hpa", "policy.rules"])
def test_a_part_needs_no_pulumi(part: str) -> None:
    for module in among(part):
        names = {
            name
            for node in ast.walk(ast.parse(FILES[module].read_text()))
            for name in (
                [each.name for each in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
        }
        assert not [name for name in names if name.partition(".")[0].startswith("pulumi")], module


def test_only_the_command_line_imports_commands() -> None:
    assert not [module for module, found in GRAPH.items() if any(each.startswith("tools.commands.") for each in found)]
