"""The start of a model of one's own: a folder with a script that trains, proves and registers it."""

import re
from pathlib import Path

from components.errors import SlipwayError
from tools.files import write_whole

_SCRIPT = '''"""Train NAME, prove what was logged, register it.

Slipway runs this as `python train.py --registered-model NAME --ensure VERSION`, with MLFLOW_TRACKING_URI set, whenever
the version is missing. By hand: `python PLACE/train.py --registered-model NAME`.
"""

import argparse
import os

import mlflow
from mlflow.models import infer_signature
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--registered-model", default="NAME")
    parser.add_argument("--ensure", metavar="VERSION", help="train only when this version or @alias is missing")
    options = parser.parse_args()
    mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
    client = mlflow.MlflowClient()
    if options.ensure and is_registered(client, options.registered_model, options.ensure):
        print("it is there: nothing to train")
        return

    # What to replace: the data and the model.
    features, target = load_iris(as_frame=True, return_X_y=True)
    model = LogisticRegression(max_iter=1000).fit(features, target)

    mlflow.set_experiment(options.registered_model)
    with mlflow.start_run():
        logged = mlflow.sklearn.log_model(
            model,
            name="model",
            signature=infer_signature(features, model.predict(features)),
            # `up` asks the deployed model this, and waits for an answer.
            input_example=features[:2],
            serialization_format="skops",
        )
    again = mlflow.pyfunc.load_model(logged.model_uri).predict(features[:2])
    assert list(again) == list(model.predict(features[:2])), "what was logged answers otherwise than what was trained"
    version = mlflow.register_model(logged.model_uri, options.registered_model).version
    if options.ensure and options.ensure.startswith("@"):
        client.set_registered_model_alias(options.registered_model, options.ensure[1:], version)


def is_registered(client: mlflow.MlflowClient, model: str, wanted: str) -> bool:
    found = client.search_model_versions(f"name = '{model}'")
    if wanted.startswith("@"):
        registered = client.search_registered_models(f"name = '{model}'")
        return any(wanted[1:] in each.aliases for each in registered)
    return wanted in {str(each.version) for each in found}


if __name__ == "__main__":
    main()
'''
_ENTRY = """Add it to the models of a stack file, then `make up`:

  slipway:models:
    - name: {name}
      source: models:/{name}/1
      train: {place}/train.py
"""


def new_model(name: str, folder: Path = Path("models")) -> str:
    """Write the folder of a new model; what to do next. Raises SlipwayError where there is one."""
    if not re.fullmatch(r"[a-z]([-a-z0-9]{0,38}[a-z0-9])?", name):
        raise SlipwayError("a model's name is lower-case letters, digits and -, from a letter, 40 at most", value=name)
    place = folder / name
    if place.exists():
        raise SlipwayError("there is a model of this name already: choose another", value=str(place))
    place.mkdir(parents=True)
    write_whole(place / "train.py", _SCRIPT.replace("NAME", name).replace("PLACE", str(place)))
    entry = _ENTRY.format(name=name, place=place)
    return f"{place}/train.py is written: a model that works, to be replaced by yours.\n{entry}"
