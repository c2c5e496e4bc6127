"""Markers, and the share of agreement at the end of a run."""

import pytest

REPORT = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "controller: 1,100 random cases on the real HPA controller (about ten minutes; etcd, kube-apiserver)"
    )
    config.stash[REPORT] = []


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "controller" in config.option.markexpr:
        return
    for item in items:
        if item.get_closest_marker("controller"):
            item.add_marker(pytest.mark.skip(reason="minutes long: pytest tests/hpa -m controller"))


@pytest.fixture
def report(request: pytest.FixtureRequest) -> list[str]:
    """Lines that the run ends with."""
    return request.config.stash[REPORT]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for line in config.stash[REPORT]:
        terminalreporter.write_line(line)
