"""The model's Dockerfile says how its server is started, on this machine too."""

from tools.dockerfile import Dockerfile


def test_every_argument_of_the_build_is_filled_in_by_what_is_given_or_its_default() -> None:
    environment = Dockerfile.read().environment({"MODEL_VERSION": "7"})
    assert environment["MLSERVER_MODEL_VERSION"] == "7"
    assert environment["MODEL_SERVER"] == "mlserver"
    assert not [value for value in environment.values() if "${" in value]
