import re

import pytest

from tools.dockerfile import Dockerfile

pytestmark = pytest.mark.model


def test_the_model_is_the_last_layer_and_alone_in_it(dockerfile: Dockerfile) -> None:
    layers = [(word, rest) for word, rest in dockerfile.instructions if word in ("ADD", "COPY", "RUN", "WORKDIR")]
    assert layers[-1] == ("COPY", "--chown=1000:1000 model/ /srv/model/")


def test_nothing_that_is_installed_depends_on_the_model_s_version(dockerfile: Dockerfile) -> None:
    words = [word for word, _ in dockerfile.instructions]
    version = dockerfile.instructions.index(("ARG", 'MODEL_VERSION=""'))
    assert words.index("RUN") < version
    assert "RUN" not in words[version:]


def test_the_requirements_are_installed_together_with_mlserver(dockerfile: Dockerfile) -> None:
    [install] = dockerfile.all("RUN")
    assert install.count("pip install") == 1
    for wanted in ("mlserver==", "mlserver-mlflow==", "uvloop<0.22", "-r requirements.txt"):
        assert wanted in install


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
