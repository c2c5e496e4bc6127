import re

import pytest

from tools.dockerfile import Dockerfile

pytestmark = pytest.mark.model


def final(dockerfile: Dockerfile) -> list[tuple[str, str]]:
    """The instructions of the last stage: the image itself."""
    last = max(place for place, (word, _) in enumerate(dockerfile.instructions) if word == "FROM")
    return dockerfile.instructions[last:]


def test_the_server_the_requirements_and_the_model_are_layers_in_this_order(dockerfile: Dockerfile) -> None:
    made = [rest for word, rest in final(dockerfile) if word in ("ADD", "COPY", "RUN")]
    assert [rest for rest in made if "install " not in rest] == [
        "--from=compiled /opt/model /opt/model",
        "requirements/ /srv/build/requirements/",
        "sbom.cdx.json /srv/",
        "runtime/ /srv/runtime/",
        "--chown=1000:1000 model/ /srv/model/",
    ]
    assert made[2].endswith("[ -e /opt/model/bin ] || ./install /opt/model requirements/requirements.lock")


def test_the_model_is_the_last_layer(dockerfile: Dockerfile) -> None:
    assert dockerfile.instructions[-1] == ("COPY", "--chown=1000:1000 model/ /srv/model/")


def test_nothing_that_is_installed_depends_on_the_model_s_version(dockerfile: Dockerfile) -> None:
    words = [word for word, _ in dockerfile.instructions]
    version = dockerfile.instructions.index(("ARG", 'MODEL_VERSION=""'))
    assert "RUN" not in words[version:]


def test_the_server_s_layer_knows_nothing_of_the_model(dockerfile: Dockerfile) -> None:
    places = [place for place, (word, _) in enumerate(dockerfile.instructions) if word == "FROM"]
    server = dockerfile.instructions[places[0] : places[1]]
    assert server == [
        ("FROM", "${BASE_IMAGE} AS server"),
        ("ARG", "UV_VERSION"),
        ("ARG", "PIP_INDEX_URL"),
        ("WORKDIR", "/srv/build"),
        ("COPY", "ca-bundle.crt install server.txt /srv/build/"),
        ("RUN", "./install /opt/server server.txt"),
    ]


def test_the_compilers_stay_in_a_stage_that_nothing_but_the_environment_is_taken_from(dockerfile: Dockerfile) -> None:
    places = [place for place, (word, _) in enumerate(dockerfile.instructions) if word == "FROM"]
    assert [rest for word, rest in dockerfile.instructions if word == "FROM"] == [
        "${BASE_IMAGE} AS server",
        "server AS compiled",
        "server",
    ]
    compiling = [place for place, (_, rest) in enumerate(dockerfile.instructions) if "BUILD_PACKAGES" in rest]
    assert all(places[1] < place < places[2] for place in compiling)


def test_the_image_runs_as_a_numbered_user_that_is_not_root(dockerfile: Dockerfile) -> None:
    [user] = dockerfile.all("USER")
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)


def test_any_builder_can_build_it(dockerfile: Dockerfile) -> None:
    for _, rest in dockerfile.instructions:
        assert not re.search(r"--mount|--chmod|--link|<<", rest)


def test_v2_and_metrics_are_on_the_ports_that_it_exposes(dockerfile: Dockerfile) -> None:
    environment = dockerfile.environment({})
    assert dockerfile.all("EXPOSE") == [f"{environment['MLSERVER_HTTP_PORT']} {environment['MLSERVER_METRICS_PORT']}"]
    assert dockerfile.all("EXPOSE") == ["8080 8082"]
