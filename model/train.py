"""Train the example model, prove that what was logged answers right, then register it.

One self-contained script: a Kubernetes Job mounts this file alone into MLflow's own image, and `python model/train.py`
runs it anywhere that has mlflow and scikit-learn. The model is a linear regression with an elastic net penalty of the
wine cultivar (0, 1 or 2) on the 13 measurements of scikit-learn's wine data.

The registered model's `metadata` holds `slipway_example`: `inputs`, one V2 request's input list, and `outputs`, the
prediction that it must get. A deployment sends the one and compares with the other.
"""

from __future__ import annotations

import argparse
import math
import os
import re
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import mlflow
import numpy as np
import requests
from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.exceptions import MlflowException
from mlflow.models import infer_signature
from numpy.typing import NDArray
from sklearn.datasets import load_wine
from sklearn.linear_model import ElasticNet
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error
from sklearn.model_selection import train_test_split

Array = NDArray[np.float64]

RANDOM_STATE = 42
TEST_FRACTION = 0.25
# What loading and predicting needs; the image that serves the model installs exactly these.
REQUIREMENTS = ("mlflow", "numpy", "pandas", "scikit-learn", "scipy", "skops")

HEALTH_ATTEMPTS = 60
HEALTH_PAUSE_SECONDS = 2.0
# A run still RUNNING after this long is taken for one that was killed: nothing waits for it.
TURN_SECONDS = 120
ENSURE_TAG = "slipway.ensure"


@dataclass(frozen=True)
class Registry:
    """What is registered under one model name: version numbers, and aliases with the version each points at."""

    versions: frozenset[int]
    aliases: Mapping[str, int]

    @classmethod
    def read(cls, client: MlflowClient, model: str) -> Registry:
        try:
            registered = client.get_registered_model(model)
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            return cls(frozenset(), {})
        found = client.search_model_versions(f"name='{model}'")
        aliases = {alias: int(number) for alias, number in registered.aliases.items()}
        return cls(frozenset(int(each.version) for each in found), aliases)

    def find(self, reference: str) -> int | None:
        """The version that `7` or `@champion` names, or None when it is missing."""
        if reference.startswith("@"):
            return self.aliases.get(reference[1:])
        return int(reference) if int(reference) in self.versions else None

    @property
    def next_version(self) -> int:
        return max(self.versions, default=0) + 1


def main(arguments: Sequence[str] | None = None) -> None:
    options = parse(arguments)
    wait_for_server(options.tracking_uri)
    mlflow.set_tracking_uri(options.tracking_uri)
    client = MlflowClient()

    if options.ensure and already_registered(client, options.registered_model, options.ensure):
        return

    # By its id: of two that make it at once, MLflow lets the second go on in the default one.
    mlflow.set_experiment(experiment_id=mlflow.set_experiment(options.experiment).experiment_id)
    ticket = f"{options.registered_model}/{options.ensure}"
    with mlflow.start_run(run_name=options.run, tags={ENSURE_TAG: ticket} if options.ensure else None) as run:
        model_uri = train(options.alpha, options.l1_ratio)
        if options.ensure:
            wait_for_turn(client, run, ticket)
            if already_registered(client, options.registered_model, options.ensure):
                return
        register(client, model_uri, options.registered_model, options.ensure)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--tracking-uri",
        default=os.environ.get("MLFLOW_TRACKING_URI"),
        help="the MLflow server (default: the environment's MLFLOW_TRACKING_URI)",
    )
    parser.add_argument("--alpha", type=non_negative, default=1.0, help="weight of the penalty (default: %(default)s)")
    parser.add_argument("--l1-ratio", type=fraction, default=0.5, help="its share of L1, 0 to 1 (default: %(default)s)")
    parser.add_argument("--registered-model", default="wine-quality-model", help="(default: %(default)s)")
    parser.add_argument("--experiment", default="wine-quality", help="(default: %(default)s)")
    parser.add_argument("--run", default="default-params", help="the run's name (default: %(default)s)")
    parser.add_argument(
        "--ensure",
        type=reference,
        metavar="REF",
        help="train only when this version (7) or alias (@champion) of the registered model is missing",
    )
    options = parser.parse_args(arguments)
    if not options.tracking_uri:
        parser.error("no tracking server: give --tracking-uri or set MLFLOW_TRACKING_URI")
    return options


def non_negative(text: str) -> float:
    value = float(text)
    if not 0 <= value < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of 0 or more")
    return value


def fraction(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not between 0 and 1")
    return value


def reference(text: str) -> str:
    """A version number from 1, or an alias as MLflow allows them: letters, digits, `_`, `-`, not `latest`, not `v1`."""
    number = re.fullmatch(r"[1-9]\d*", text)
    alias = re.fullmatch(r"@(?!latest$|v\d+$)[\w-]+", text, re.IGNORECASE)
    if not number and not alias:
        raise argparse.ArgumentTypeError(f"{text!r} is neither a version number (7) nor an alias (@champion)")
    return text


def wait_for_server(tracking_uri: str) -> None:
    """Return once the tracking server's /health answers; a store that is no server (sqlite:///…) is not asked."""
    if not tracking_uri.startswith(("http://", "https://")):
        return
    url = f"{tracking_uri.rstrip('/')}/health"
    insecure = os.environ.get("MLFLOW_TRACKING_INSECURE_TLS", "").lower() in ("1", "true")
    verify = not insecure and (os.environ.get("MLFLOW_TRACKING_SERVER_CERT_PATH") or True)
    problem = ""
    for attempt in range(HEALTH_ATTEMPTS):
        if attempt:
            time.sleep(HEALTH_PAUSE_SECONDS)
        try:
            response = requests.get(url, timeout=5, verify=verify)
        except requests.RequestException as error:
            problem = str(error)
        else:
            if response.ok:
                return
            problem = f"HTTP {response.status_code}: {response.text[:200]}"
    waited = HEALTH_ATTEMPTS * HEALTH_PAUSE_SECONDS
    sys.exit(f"{url} did not answer within {waited:.0f} s. Is the tracking server up? The last attempt: {problem}")


def already_registered(client: MlflowClient, model: str, wanted: str) -> bool:
    """Whether the wanted version or alias is there, saying so; exits when training could not produce it."""
    registry = Registry.read(client, model)
    found = registry.find(wanted)
    if found is not None:
        print(f"{model_name(model, wanted)} is there (version {found}): nothing to train")
        return True
    if not wanted.startswith("@") and int(wanted) != registry.next_version:
        sys.exit(
            f"{model_name(model, wanted)} does not exist, and training would make version {registry.next_version}: "
            f"ask for {registry.next_version}, or for one of those registered: {listed(registry.versions)}"
        )
    return False


def train(alpha: float, l1_ratio: float) -> str:
    """Fit, measure on the held-out quarter, log, and check the logged model; returns its `models:/m-…` URI."""
    features, target = load_wine(return_X_y=True)
    train_x, test_x, train_y, test_y = train_test_split(
        features, target, test_size=TEST_FRACTION, random_state=RANDOM_STATE
    )
    model = ElasticNet(alpha=alpha, l1_ratio=l1_ratio, random_state=RANDOM_STATE).fit(train_x, train_y)
    predictions: Array = model.predict(test_x)
    metrics = {
        "rmse": float(root_mean_squared_error(test_y, predictions)),
        "r2": float(r2_score(test_y, predictions)),
        "mae": float(mean_absolute_error(test_y, predictions)),
    }
    mlflow.log_params({"alpha": alpha, "l1_ratio": l1_ratio})
    mlflow.log_metrics(metrics)

    example = v2_example(test_x[:1], predictions[:1])
    logged = mlflow.sklearn.log_model(
        model,
        name="model",
        signature=infer_signature(train_x, model.predict(train_x)),
        input_example=test_x[:1],
        metadata={"slipway_example": example},
        serialization_format="skops",
        pip_requirements=[f"{name}=={version(name)}" for name in REQUIREMENTS],
    )
    check(logged.model_uri, example)
    print("trained: " + ", ".join(f"{name} {value:.4f}" for name, value in metrics.items()))
    return str(logged.model_uri)


def v2_example(row: Array, prediction: Array) -> dict[str, Any]:
    """A V2 request's inputs for one row of shape [1, n], and the outputs it must get."""
    tensor = {"name": "input-0", "shape": list(row.shape), "datatype": "FP64", "data": row.tolist()}
    return {"inputs": [tensor], "outputs": prediction.tolist()}


def check(model_uri: str, example: Mapping[str, Any]) -> None:
    """Exit unless the model as it was logged, loaded back, predicts what its example says."""
    [tensor] = example["inputs"]
    row = np.array(tensor["data"]).reshape(tensor["shape"])
    answer = mlflow.pyfunc.load_model(model_uri).predict(row)
    if not np.allclose(answer, example["outputs"], rtol=0, atol=1e-9):
        sys.exit(f"{model_uri} predicts {answer} where it was trained to predict {example['outputs']}: not registered")


def wait_for_turn(client: MlflowClient, run: Run, ticket: str) -> None:
    """Let runs that started earlier for the same reference end first, so that only one of them registers.

    MLflow has no lock, but a run is visible to all from its start: runs with one ticket are a queue.
    """
    while earlier := [other for other in running(client, run, ticket) if place(other) < place(run)]:
        print(f"run {earlier[0].info.run_id} is making {ticket} too: waiting for its end")
        time.sleep(1)


def running(client: MlflowClient, run: Run, ticket: str) -> list[Run]:
    since = int((time.time() - TURN_SECONDS) * 1000)
    found = client.search_runs([run.info.experiment_id], f"status = 'RUNNING' and start_time > {since}")
    return [other for other in found if other.data.tags.get(ENSURE_TAG) == ticket]


def place(run: Run) -> tuple[int, str]:
    return run.info.start_time, run.info.run_id


def register(client: MlflowClient, model_uri: str, model: str, wanted: str | None) -> None:
    """Make the next version of the registered model; give it the wanted alias, or check that it is the wanted one."""
    number = int(mlflow.register_model(model_uri, model).version)
    print(f"registered {model_name(model, str(number))}")
    if wanted and wanted.startswith("@"):
        client.set_registered_model_alias(model, wanted[1:], str(number))
        print(f"{model_name(model, wanted)} is version {number} now")
    elif wanted and number != int(wanted):
        sys.exit(
            f"MLflow registered {model_name(model, str(number))} where {wanted} was asked for: that number was given "
            f"to a version deleted since, or to another run a moment ago, and MLflow never gives it again. "
            f"Ask for {number}"
        )


def model_name(model: str, wanted: str) -> str:
    return f"models:/{model}{wanted if wanted.startswith('@') else '/' + wanted}"


def listed(numbers: Iterable[int]) -> str:
    return ", ".join(map(str, sorted(numbers))) or "none yet"


if __name__ == "__main__":
    main()
