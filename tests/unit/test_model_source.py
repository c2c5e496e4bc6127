"""What a stack file may name as a model."""

import pytest

from components.settings.model_source import RegisteredModel, parse_source


@pytest.mark.parametrize("text", ["runs:/0a1b/model", "models:/m-0123456789abcdef0123456789abcdef"])
def test_a_model_that_nobody_registered_is_refused_with_what_registers_it(text: str) -> None:
    with pytest.raises(ValueError, match=rf"mlflow\.register_model\('{text}', name\)"):
        parse_source(text)


def test_a_registered_one_may_have_the_same_letters() -> None:
    assert parse_source("models:/m-0123/2") == RegisteredModel("m-0123", 2)
