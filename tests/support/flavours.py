"""A small model of each flavour, trained on what it will be asked: a function each, called as MLflow calls it."""

from typing import Any

import numpy as np
import pandas as pd

from tests.support.questions import Question
from tests.support.returning import Returning, WithModule


def _twenty_times(data: Any) -> tuple[Any, "np.ndarray[Any, Any]"]:
    many = np.concatenate([data] * 20) if isinstance(data, np.ndarray) else pd.concat([data] * 20, ignore_index=True)
    return many, np.tile(np.arange(len(data), dtype=float) * 1.25 + 0.5, 20)


def pyfunc(_: Question, returned: str) -> Any:
    return Returning(returned)


def pyfunc_with_code_paths(_: Question, returned: str) -> Any:
    return WithModule(returned)


def sklearn(asked: Question, _: str) -> Any:
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    X, y = _twenty_times(asked.data)
    if isinstance(X, pd.DataFrame) and "colour" in X:
        return make_pipeline(OneHotEncoder(), Ridge()).fit(X, y)
    return make_pipeline(SimpleImputer(), Ridge()).fit(X, y)


def xgboost(asked: Question, _: str) -> Any:
    from xgboost import XGBRegressor

    return XGBRegressor(n_estimators=3, n_jobs=1).fit(*_twenty_times(asked.data))


def lightgbm(asked: Question, _: str) -> Any:
    from lightgbm import LGBMRegressor

    return LGBMRegressor(n_estimators=3, n_jobs=1, min_child_samples=1, verbose=-1).fit(*_twenty_times(asked.data))


def catboost(asked: Question, _: str) -> Any:
    from catboost import CatBoostRegressor

    X, y = _twenty_times(asked.data)
    words = [name for name in X.columns if name == "text"]
    return CatBoostRegressor(iterations=3, thread_count=1, allow_writing_files=False, verbose=0).fit(X, y, words)


def statsmodels(asked: Question, _: str) -> Any:
    import statsmodels.api

    X, y = _twenty_times(asked.data)
    return statsmodels.api.OLS(y, X).fit()


def onnx(asked: Question, _: str) -> Any:
    from onnx import TensorProto, checker, helper

    if isinstance(asked.data, np.ndarray):
        inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 2])]
        output = helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 2])
        nodes = [helper.make_node("Mul", ["x", "x"], ["y"])]
    else:
        kinds = {"a": TensorProto.DOUBLE, "b": TensorProto.INT64}
        inputs = [helper.make_tensor_value_info(name, kind, [None]) for name, kind in kinds.items()]
        output = helper.make_tensor_value_info("y", TensorProto.DOUBLE, [None])
        nodes = [
            helper.make_node("Cast", ["b"], ["c"], to=TensorProto.DOUBLE),
            helper.make_node("Add", ["a", "c"], ["y"]),
        ]
    graph = helper.make_graph(nodes, "model", inputs, [output])
    # What every onnxruntime of these days reads.
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    checker.check_model(model)
    return model


def spacy(_: Question, __: str) -> Any:
    import spacy
    from spacy.training import Example

    pipeline = spacy.blank("en")
    categories = pipeline.add_pipe("textcat")
    categories.add_label("red")
    categories.add_label("white")
    texts = (("a fine wine", "red"), ("Grüner Veltliner", "white"))
    examples = [
        Example.from_dict(pipeline.make_doc(text), {"cats": {each: float(each == label) for each in ("red", "white")}})
        for text, label in texts
    ]
    optimizer = pipeline.initialize(lambda: examples)
    for _round in range(5):
        pipeline.update(examples, sgd=optimizer)
    return pipeline


def prophet(_: Question, __: str) -> Any:
    from prophet import Prophet

    days = pd.date_range("2026-01-01", periods=60)
    # Without samples of what is uncertain, the same answer comes twice.
    model = Prophet(uncertainty_samples=0, weekly_seasonality=True, daily_seasonality=False, yearly_seasonality=False)
    return model.fit(pd.DataFrame({"ds": days, "y": np.arange(60.0) + np.tile(np.arange(6.0), 10)}))


def tensorflow(asked: Question, _: str) -> Any:
    import keras

    model = keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(1)])
    model.compile(loss="mse")
    model.fit(*_twenty_times(asked.data), verbose=0)
    return model


def pytorch(_: Question, __: str) -> Any:
    import torch

    return torch.nn.Linear(2, 1)
