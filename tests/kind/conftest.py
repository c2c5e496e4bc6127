from collections.abc import Iterator

import pytest

from tests.kind.commands import debris, engine


@pytest.fixture
def machine() -> Iterator[None]:
    """One without a dev stack, before and after."""
    assert not any(debris().values()), f"a dev stack is up; `make destroy STACK=dev` first: {debris()}"
    yield
    if any(debris().values()):
        engine("destroy")
