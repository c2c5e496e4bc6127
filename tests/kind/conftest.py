from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.kind.commands import OVERRIDE, debris, engine


@pytest.fixture(scope="module")
def machine() -> Iterator[None]:
    """One without a dev stack, before and after."""
    assert not any(debris().values()), f"a dev stack is up; `make destroy STACK=dev` first: {debris()}"
    yield
    if any(debris().values()):
        engine("destroy")


@pytest.fixture(scope="module")
def own() -> Iterator[dict[str, Any]]:
    """What the override file says; it says that again after the tests."""
    text = OVERRIDE.read_text() if OVERRIDE.is_file() else None
    yield dict(yaml.safe_load(text)["config"]) if text else {}
    if text is None:
        OVERRIDE.unlink(missing_ok=True)
    else:
        OVERRIDE.write_text(text)
