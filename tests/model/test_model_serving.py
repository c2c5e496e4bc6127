import gzip
import http.client
import json
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from sklearn.datasets import load_wine
from sklearn.linear_model import ElasticNet
from sklearn.model_selection import train_test_split

from components.dynamic.prediction import Refused
from tests import exported
from tests.model.conftest import MODEL
from tests.model.server import ModelServer, ask, post
from tools.prediction import over_grpc

pytestmark = pytest.mark.model

ROW = [13.64, 3.1, 2.56, 15.2, 116.0, 2.7, 3.03, 0.17, 1.66, 5.1, 0.96, 3.36, 845.0]
V2 = b'{"inputs": [{"name": "input-0", "datatype": "FP64", "shape": %s, "data": %s}]}'
WHAT_IT_TAKES = "The model takes, with -1 for any number: input-0, FP64, shape [-1, 13]."


def tensor(data: list[Any], shape: list[int], datatype: str = "FP64") -> dict[str, Any]:
    return {"name": "input-0", "shape": shape, "datatype": datatype, "data": data}


def test_the_model_is_ready(server: ModelServer) -> None:
    assert server.get("/v2/models/mlflow-model/ready").status == 200


def test_the_model_says_what_it_takes_and_gives(server: ModelServer) -> None:
    said = server.get("/v2/models/mlflow-model").json
    assert [(each["name"], each["datatype"], each["shape"]) for each in said["inputs"]] == [
        ("input-0", "FP64", [-1, 13])
    ]
    assert [(each["datatype"], each["shape"]) for each in said["outputs"]] == [("FP64", [-1])]


def test_the_answer_is_the_model_s_own_example(server: ModelServer, example: Mapping[str, Any]) -> None:
    answer = server.infer(*example["inputs"])
    assert answer.status == 200
    assert answer.json["outputs"][0]["data"] == pytest.approx(example["outputs"], abs=1e-6)


def test_every_answer_is_what_scikit_learn_predicts(server: ModelServer) -> None:
    features, target = load_wine(return_X_y=True)
    train_x, test_x, train_y, _ = train_test_split(features, target, test_size=0.25, random_state=42)
    expected = ElasticNet(alpha=1.0, l1_ratio=0.5).fit(train_x, train_y).predict(test_x)

    answer = server.infer(tensor(test_x.tolist(), list(test_x.shape)))
    assert answer.json["outputs"][0]["shape"] == [45, 1]
    assert answer.json["outputs"][0]["data"] == pytest.approx(expected.tolist(), abs=1e-6)


def test_the_answer_carries_the_model_s_version(server: ModelServer) -> None:
    assert server.infer(tensor([ROW], [1, 13])).json["model_version"] == "1"


def test_grpc_answers_as_http_does(server: ModelServer, example: Mapping[str, Any]) -> None:
    body = {"inputs": list(example["inputs"])}
    http, grpc = server.infer(*example["inputs"]).json, over_grpc.ask(over_grpc.Way(server.grpc), body)
    assert grpc["outputs"] == http["outputs"]
    assert grpc["model_version"] == http["model_version"]


def test_grpc_refuses_as_http_does(server: ModelServer) -> None:
    wrong = tensor(ROW, [13])
    with pytest.raises(Refused, match="INVALID_ARGUMENT") as refused:
        over_grpc.ask(over_grpc.Way(server.grpc), {"inputs": [wrong]})
    assert WHAT_IT_TAKES in str(refused.value)
    assert "Traceback" not in str(refused.value)


def test_an_input_may_have_any_name(server: ModelServer) -> None:
    named = tensor([ROW], [1, 13])
    assert server.infer({**named, "name": "wine"}).json["outputs"] == server.infer(named).json["outputs"]


@pytest.mark.parametrize(
    ("refused", "reason"),
    [
        pytest.param(tensor(ROW, [13]), "Shape of input (13,) does not match expected shape (-1, 13).", id="vector"),
        pytest.param(
            tensor([ROW[:12]], [1, 12]),
            "Shape of input (1, 12) does not match expected shape (-1, 13).",
            id="12-columns",
        ),
        pytest.param(
            tensor([ROW], [1, 13], "FP32"), "dtype of input float32 does not match expected dtype float64.", id="FP32"
        ),
        pytest.param(
            tensor(ROW[:12], [1, 13]),
            "Input 'input-0': shape [1, 13] is 13 values, and its data has 12.",
            id="too-little-data",
        ),
        pytest.param(
            tensor(["dry"] * 13, [1, 13]),
            "Input 'input-0', value 0: \"dry\" is no FP64: it takes a number up to 1.798e+308, or null.",
            id="text",
        ),
        pytest.param(
            tensor([{}], [1, 1]),
            "Input 'input-0', value 0: {} is no FP64: it takes a number up to 1.798e+308, or null.",
            id="objects",
        ),
    ],
)
def test_data_that_does_not_fit_is_refused_with_the_reason(
    server: ModelServer, refused: Mapping[str, Any], reason: str
) -> None:
    answer = server.infer(refused)
    assert answer.status == 400
    assert answer.json == {"error": f"{reason} {WHAT_IT_TAKES}"}


def test_a_missing_number_is_refused_as_the_model_refuses_it(server: ModelServer) -> None:
    answer = server.infer(tensor([[*ROW[:12], None]], [1, 13]))
    assert answer.status == 400
    assert answer.json["error"].startswith("Input X contains NaN.")


def test_a_body_that_is_not_v2_is_refused(server: ModelServer) -> None:
    answer = ask(f"{server.url}/v2/models/mlflow-model/infer", {"instances": [ROW]})
    assert answer.status == 422
    assert (answer.json["detail"][0]["loc"][-1], answer.json["detail"][0]["msg"]) == ("inputs", "Field required")


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        (b'{"inputs": [%s]}' % (b"[" * 900 + b"]" * 900), 422, "detail"),
        (V2 % (b"[1, 13]", b"[" * 900 + b"1" + b"]" * 900), 400, "nested too deeply"),
        (
            V2 % (b"[4611686018427387904, 4611686018427387904]", b"[1]"),
            400,
            "is 21267647932558653966460912964485513216 v",
        ),
        (V2 % (b"[1180591620717411303424]", b"[1]"), None, "shape"),
        (V2 % (b"[1]", b'["\\ud800"]'), 400, "is no FP64"),
        (V2 % (b"[1, 13]", b"[" + b"1, " * 12 + b"NaN]"), 400, "Input X contains NaN."),
        (V2 % (b"[1, 13]", b"[" + b"1, " * 12 + b"1e999]"), 400, "Input X contains infinity"),
        (b"\xff\xfe{", None, ""),
    ],
    ids=["deep", "deep data", "beyond 64 bits", "a size beyond them", "surrogate", "NaN", "infinity", "no text"],
)
def test_no_body_makes_the_server_fail(server: ModelServer, body: bytes, status: int | None, reason: str) -> None:
    answer = post(f"{server.url}/v2/models/mlflow-model/infer", body)
    assert answer.status == status or (status is None and 400 <= answer.status < 500)
    assert reason in answer.text


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "x-gzip"])
def test_a_body_may_be_compressed(server: ModelServer, encoding: str) -> None:
    plain = {"inputs": [tensor([ROW], [1, 13])]}
    body = gzip.compress(json.dumps(plain).encode())
    answer = post(f"{server.url}/v2/models/mlflow-model/infer", body, headers={"Content-Encoding": encoding})
    assert answer.status == 200
    assert answer.json["outputs"] == server.infer(*plain["inputs"]).json["outputs"]
    rows = gzip.compress(json.dumps({"inputs": [ROW]}).encode())
    beside = post(f"{server.url}/invocations", rows, headers={"Content-Encoding": encoding})
    assert beside.json["predictions"] == pytest.approx(answer.json["outputs"][0]["data"])


@pytest.mark.parametrize(
    ("encoding", "body", "status", "reason"),
    [
        ("gzip", b"{}", 400, "The body is no gzip, though its Content-Encoding says so"),
        ("gzip", gzip.compress(b'{"inputs": []}')[:-9], 400, "The body is no gzip"),
        ("gzip", gzip.compress(bytes(101 * 2**20), 1), 413, "The body is more than 100 MiB when it is unpacked."),
        ("br", b"{}", 415, "The Content-Encoding 'br' is not known: gzip is, or none."),
    ],
    ids=["no gzip", "cut off", "a bomb", "brotli"],
)
@pytest.mark.parametrize("path", ["v2/models/mlflow-model/infer", "invocations"])
def test_a_body_that_cannot_be_unpacked_is_refused(
    server: ModelServer, path: str, encoding: str, body: bytes, status: int, reason: str
) -> None:
    answer = post(f"{server.url}/{path}", body, headers={"Content-Encoding": encoding})
    assert answer.status == status
    assert answer.json["error"].startswith(reason)


def test_the_version_may_be_in_the_path_and_the_content_type_may_be_missing(server: ModelServer) -> None:
    path = "/v2/models/mlflow-model/versions/1/infer"
    body = json.dumps({"inputs": [tensor([ROW], [1, 13])]}).encode()
    answer = post(server.url + path, body, "")
    assert answer.status == 200
    assert answer.json["outputs"] == server.infer(tensor([ROW], [1, 13])).json["outputs"]
    assert post(server.url + path.replace("1/infer", "9/infer"), body).status in (404, 501)


def test_predictions_are_counted_on_the_metrics_port(server: ModelServer) -> None:
    server.infer(tensor([ROW], [1, 13]))
    lines = ask(f"{server.metrics_url}/metrics").text.splitlines()
    [name] = exported.of("model servers")
    [count] = [line for line in lines if line.startswith(f'{name}{{model="mlflow-model",version=')]
    assert float(count.split()[-1]) >= 1


def test_every_request_is_counted_on_the_metrics_port(server: ModelServer) -> None:
    def counted(status: int) -> float:
        lines = ask(f"{server.metrics_url}/metrics").text.splitlines()
        asked = [line for line in lines if line.startswith("rest_server_requests_total{") and "/infer" in line]
        return sum(float(line.split()[-1]) for line in asked if f'status_code="{status}"' in line)

    before = {status: counted(status) for status in (200, 400)}
    server.infer(tensor([ROW], [1, 13]))
    server.infer(tensor(ROW, [13]))
    assert {status: counted(status) for status in before} == {status: count + 1 for status, count in before.items()}


def test_requests_at_once_get_each_its_own_answer(server: ModelServer) -> None:
    rows = [[*ROW[:12], float(proline)] for proline in range(300, 1500, 50)]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda row: server.infer(tensor([row], [1, 13])).json["outputs"][0]["data"], rows))
    alone = server.infer(tensor(rows, [len(rows), 13])).json["outputs"][0]["data"]
    assert [answer for [answer] in together] == pytest.approx(alone)
    assert len(set(alone)) == len(rows)


def test_an_answer_has_the_id_of_its_request(server: ModelServer) -> None:
    url = f"{server.url}/v2/models/mlflow-model/infer"
    assert ask(url, {"id": "mine", "inputs": [tensor([ROW], [1, 13])]}).json["id"] == "mine"
    assert server.infer(tensor([ROW], [1, 13])).json["id"]


def test_the_server_writes_nothing_beside_the_model(server: ModelServer, model_folder: Path) -> None:
    server.infer(tensor([ROW], [1, 13]))
    model = {Path("model"), *(Path("model") / path.relative_to(model_folder) for path in model_folder.rglob("*"))}
    runtime = {Path("runtime"), *(Path("runtime") / path.name for path in (MODEL / "runtime").glob("*.py"))}
    assert {path.relative_to(server.root) for path in server.root.rglob("*")} == {*runtime, *model}


def test_no_header_of_the_request_is_in_an_error_or_in_the_log(server: ModelServer) -> None:
    secrets = {"Authorization": "Bearer s3cret-token", "Cookie": "session=s3cret-cookie"}
    answer = server.infer(tensor(ROW, [13]), headers=secrets)
    assert answer.status == 400
    assert "s3cret" not in answer.text + server.process.log.read_text()


def test_mlflow_s_own_path_answers_too(server: ModelServer) -> None:
    answer = ask(f"{server.url}/invocations", {"inputs": [ROW]})
    assert answer.status == 200
    assert answer.json["predictions"] == pytest.approx(server.infer(tensor([ROW], [1, 13])).json["outputs"][0]["data"])
    assert ask(f"{server.url}/invocations", {"inputs": "wine"}).status == 400
    assert server.get("/ping").status == 200


def test_a_connection_that_nobody_used_for_a_while_is_still_good(server: ModelServer) -> None:
    """Who asks through a proxy has no say in which connection is taken."""
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=30)
    connection.connect()
    connection.auto_open = 0
    for pause in (0, 6):
        # Longer than uvicorn's own 5 s.
        time.sleep(pause)
        connection.request("GET", "/v2/health/ready")
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200
    connection.close()
