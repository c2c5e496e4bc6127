"""Where a model answers, in the open inference protocol (V2)."""

# The name that every server gives the model, and so a part of the path that it answers on.
MODEL = "mlflow-model"
INFER_PATH = f"/v2/models/{MODEL}/infer"
