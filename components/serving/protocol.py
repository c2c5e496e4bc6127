"""Where a model answers, in the open inference protocol (V2)."""

# The name that every server gives the model, and so a part of the path that it answers on.
MODEL = "mlflow-model"
# Where its server listens, as the image sets it: for HTTP, gRPC and who measures.
HTTP_PORT, GRPC_PORT, METRICS_PORT = 8080, 8081, 8082
INFER_PATH = f"/v2/models/{MODEL}/infer"
