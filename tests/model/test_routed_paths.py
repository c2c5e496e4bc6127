"""The gateway's list of paths, against those that MLServer has."""

import re

import pytest

from tests.unit.test_route import routed

pytestmark = pytest.mark.model


def test_every_path_that_the_server_has_is_routed_but_the_repository() -> None:
    from mlserver.rest.app import create_app
    from mlserver.settings import Settings

    app = create_app(Settings(), data_plane=None, model_repository_handlers=None)
    fill = {"{model_name}": "mlflow-model", "{model_version}": "1"}
    paths = {re.sub(r"{\w+}", lambda match: fill[match[0]], each.path) for each in app.routes}
    refused = {path for path in paths if not routed(path)}
    assert len(paths - refused) > 15
    assert refused == {path for path in paths if path.startswith("/v2/repository/")} | {"/openapi.json"}
