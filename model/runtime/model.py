"""The model itself: loaded by MLflow, asked by V2 requests in plain values."""

from __future__ import annotations

import json
import logging
import os
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

from runtime.problem import Problem

# mlflow-skinny asks whether a part of Databricks' SDK is there, in a way that fails where none of it is.
if "databricks" not in sys.modules:
    try:
        import databricks  # noqa: F401
    except ImportError:
        _absent = sys.modules["databricks"] = ModuleType("databricks")
        _absent.__path__ = []

import mlflow.pyfunc
from mlflow.exceptions import MlflowException

from runtime.inputs import HINT, Inputs
from runtime.outputs import Outputs

log = logging.getLogger("runtime")

# Where MLflow compares the input with the signature: what is raised there is about the request.
_SIGNATURE_CHECKS = (
    "/mlflow/models/utils.py",
    "/mlflow/types/schema.py",
    "/mlflow/types/type_hints.py",
    "/mlflow/pyfunc/__init__.py",
    "/mlflow/pyfunc/utils/data_validation.py",
)
# Where scikit-learn looks at its input, before anything is computed of it.
_INPUT_CHECKS = "/sklearn/utils/validation.py"
# What a model without a signature may raise for want of the right kind of input.
_UNFIT = (AttributeError, IndexError, KeyError, TypeError, ValueError)


class Model:
    """One MLflow model. Raises Problem for what a client is to be told; anything else is a fault of this code."""

    def __init__(self, folder: Path) -> None:
        self._pyfunc = mlflow.pyfunc.load_model(str(folder))
        _refuse_without_predict(self._pyfunc)
        metadata = self._pyfunc.metadata
        of_hint = getattr(metadata, "_is_signature_from_type_hint", lambda: False)
        self.inputs = Inputs(metadata.signature, as_list=bool(of_hint()))
        self.outputs = Outputs(metadata.signature.outputs if metadata.signature else None)

    def metadata(self) -> dict[str, Any]:
        return {
            "mlflow": mlflow.__version__,
            "inputs": [tensor.metadata() for tensor in self.inputs.tensors],
            "outputs": [tensor.metadata() for tensor in self.outputs.tensors],
        }

    def infer(self, request: dict[str, Any]) -> list[dict[str, Any]]:
        """The outputs of a V2 request's `inputs`, `parameters` and `outputs`."""
        try:
            data = self.inputs.decode(request)
            params = self.inputs.parameters(request)
        except Problem as problem:
            raise self._explained(problem.message, problem.status) from None
        result = self._predict(data, params)
        try:
            outputs = self.outputs.encode(result)
        except Exception as error:
            log.exception("the model's answer, a %s, has no form in V2", type(result).__name__)
            raise Problem(
                f"The model answered with a {type(result).__name__} that has no form in V2: {error}", 500
            ) from error
        return _wanted(outputs, request.get("outputs"))

    def invocations(self, body: bytes, content_type: str) -> tuple[int, str, str]:
        """What MLflow's own server answers to a request: status, text and its type."""
        from mlflow.pyfunc import scoring_server

        try:
            answer = scoring_server.invocations(  # type: ignore[no-untyped-call]
                body, content_type, self._pyfunc, self.inputs.schema
            )
            return answer.status, answer.response, answer.mimetype
        except MlflowException as error:
            log.warning("/invocations: %s", error.error_code)
            told = {"error_code": error.error_code, "message": error.message}
            status: int = error.get_http_status_code()  # type: ignore[no-untyped-call]
            return status, json.dumps(told), "application/json"

    def _predict(self, data: Any, params: dict[str, Any] | None) -> Any:
        try:
            result = self._pyfunc.predict(data, params=params) if params else self._pyfunc.predict(data)
            # A generator runs when it is read.
            return list(result) if hasattr(result, "__next__") else result
        except Exception as error:
            if _is_validation(error):
                text = error.message if isinstance(error, MlflowException) else str(error)
                # Before its reason, MLflow's message repeats the whole data.
                raise self._explained(text.rpartition(" Error: ")[2]) from error
            if not self.inputs.has_signature and isinstance(error, _UNFIT):
                raise Problem(f"The model does not take it: {type(error).__name__}: {error}. {HINT}.") from error
            log.exception("the model failed")
            raise Problem(f"The model failed with {type(error).__name__}; the rest is in its log.", 500) from error

    def _explained(self, reason: str, status: int = 400) -> Problem:
        expected = str(self.inputs)
        more = f" The model takes, with -1 for any number: {expected}." if expected else ""
        return Problem(f"{reason.rstrip('.')}.{more}", status)


def _refuse_without_predict(model: Any) -> None:
    """MLflow lets a class do without, and answers null for it."""
    own = getattr(getattr(model, "_model_impl", None), "python_model", None)
    if isinstance(own, mlflow.pyfunc.PythonModel) and type(own).predict is mlflow.pyfunc.PythonModel.predict:
        raise TypeError(f"{type(own).__name__} has no predict, which every request asks: predict_stream is not served")


def _is_validation(error: BaseException) -> bool:
    files = [frame.filename.replace(os.sep, "/") for frame in traceback.extract_tb(error.__traceback__)]
    return files[-1].endswith(_SIGNATURE_CHECKS) or any(file.endswith(_INPUT_CHECKS) for file in files)


def _wanted(outputs: list[dict[str, Any]], wanted: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
    """Those outputs that the request names, if it names any."""
    if not wanted:
        return outputs
    by_name = {output["name"]: output for output in outputs}
    names = [each["name"] for each in wanted]
    unknown = [name for name in names if name not in by_name]
    if unknown:
        raise Problem(
            f"The model has no output {', '.join(map(repr, unknown))}; it has {', '.join(map(repr, by_name))}."
        )
    return [by_name[name] for name in names]
