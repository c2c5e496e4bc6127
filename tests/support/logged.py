"""Log a model for every cell of one Python, in an environment that holds the flavours.

`python -m tests.support.logged FOLDER [TRACKING]` reads the cells from standard input. FOLDER/CELL/model is the model's
folder then, FOLDER/CELL/asked.json what to ask it and what it answered here, or why there is none. With the URI of a
tracking server, the models are registered there.
"""

import json
import sys
import traceback
from collections.abc import Mapping
from importlib import metadata
from io import StringIO
from pathlib import Path
from typing import Any

import cloudpickle
import mlflow
import numpy as np
from mlflow.pyfunc.scoring_server import predictions_to_json

from tests.support import flavours, returning
from tests.support.cells import BY_NAME, Cell
from tests.support.questions import Question, plain, question

# What a signature that says nothing of the data leaves open.
_USUAL = {"spacy": "text", "prophet": "datetime", "tensorflow": "tensor"}
_KINDS = {"ndarray": "ndarray", "DataFrame": "DataFrame", "Series": "Series", "list": "list", "dict": "dict of arrays"}


def main(folder: Path, tracking: str | None) -> None:
    # Nothing of this checkout is where the model is served.
    cloudpickle.register_pickle_by_value(returning)
    mlflow.set_tracking_uri(tracking or f"sqlite:///{folder}/mlflow.db")
    if not tracking:
        mlflow.set_experiment(experiment_id=mlflow.create_experiment("support", f"{folder}/artifacts"))
    requirements: dict[str, list[str]] = {}
    for told in json.load(sys.stdin):
        cell = Cell(**told)
        try:
            asked = _logged(cell, folder / cell.name, requirements, register=tracking is not None)
        except Exception:
            asked = {"error": traceback.format_exc()}
        (folder / cell.name).mkdir(exist_ok=True)
        (folder / cell.name / "asked.json").write_text(json.dumps(asked))


def _logged(cell: Cell, folder: Path, requirements: dict[str, list[str]], *, register: bool) -> dict[str, Any]:
    asked = question(cell.signature, _USUAL.get(cell.flavour, "columns"))
    model = getattr(flavours, cell.flavour.replace(" ", "_"))(asked, cell.returned)
    ours = cell.flavour.startswith("pyfunc")
    given: dict[str, Any] = {"pip_requirements": requirements[cell.flavour]} if cell.flavour in requirements else {}
    if cell.flavour == "pyfunc with code_paths":
        given |= {"code_paths": [_module(folder / "code")]}
    if cell.flavour == "pytorch":
        # What its graph is traced with.
        given["input_example"] = np.asarray(asked.given, np.float32)
    if cell.flavour == "sklearn":
        # What an encoder keeps of its columns.
        given |= {"skops_trusted_types": ["numpy.dtype"]}
    # Once without a signature, as the answer is a part of it, and of the example.
    first = _predicted(model, asked) if ours else _trial(cell, model, asked, given)
    example = {"inputs": asked.inputs, "parameters": dict(asked.parameters), "outputs": _right(first)}
    log_model = getattr(mlflow, cell.flavour.split()[0]).log_model
    named = {
        "name": cell.name,
        "signature": asked.signature(cell.signature, first),
        "metadata": {"slipway_example": example},
        "registered_model_name": cell.name if register else None,
        **given,
    }
    logged = log_model(python_model=model, **named) if ours else log_model(model, **named)
    kept = Path(mlflow.artifacts.download_artifacts(logged.model_uri, dst_path=str(folder / "model")))
    requirements.setdefault(cell.flavour, (kept / "requirements.txt").read_text().splitlines())
    loaded = mlflow.pyfunc.load_model(str(kept))
    prediction = loaded.predict(asked.given, params=dict(asked.params) or None)
    kind = _KINDS.get(type(prediction).__name__)
    if not ours and kind != cell.returned:
        raise AssertionError(f"{cell.name} returned a {type(prediction).__name__}: write that into cells.py")
    return {
        "inputs": asked.inputs,
        "parameters": dict(asked.parameters),
        "body": asked.body,
        "right": _right(prediction),
        "version": metadata.version(BY_NAME[cell.flavour].packages[0]),
        # Where it is registered.
        "source": f"models:/{cell.name}/{logged.registered_model_version}",
    }


def _module(folder: Path) -> str:
    """A module that is nowhere but in the model's folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "wine_words.py").write_text("def louder(texts):\n    return [text.upper() for text in texts]\n")
    sys.path.append(str(folder))
    return str(folder / "wine_words.py")


def _predicted(model: Any, asked: Question) -> Any:
    return model.predict(None, asked.given, dict(asked.params))


def _trial(cell: Cell, model: Any, asked: Question, given: dict[str, Any]) -> Any:
    """What the flavour's own pyfunc makes of the model's answer."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        save = getattr(mlflow, cell.flavour).save_model
        save(model, f"{folder}/model", **{**given, "pip_requirements": ["mlflow"]})
        return mlflow.pyfunc.load_model(f"{folder}/model").predict(asked.given)


def _right(prediction: Any) -> Any:
    """What `/invocations` makes of it; bytes, which it has no answer for, are base64 in V2."""
    if isinstance(prediction, bytes):
        return plain(prediction)
    text = StringIO()
    predictions_to_json(prediction, text)  # type: ignore[no-untyped-call]
    said: Mapping[str, Any] = json.loads(text.getvalue())
    return said["predictions"]


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute(), sys.argv[2] if len(sys.argv) > 2 else None)
