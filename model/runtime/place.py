"""What the image, its two servers and those who ask them agree on."""

# The model's name on V2, and so a part of the path that it answers on.
NAME = "mlflow-model"
# Variables: the server's module, the model's folder, its Python, and the version that answers carry.
SERVER, FOLDER, PYTHON, VERSION = "MODEL_SERVER", "MODEL_FOLDER", "MODEL_PYTHON", "MLSERVER_MODEL_VERSION"
# Variables of the ports, as MLServer has them.
HOST, HTTP_PORT = "MLSERVER_HOST", "MLSERVER_HTTP_PORT"
GRPC_PORT, METRICS_PORT = "MLSERVER_GRPC_PORT", "MLSERVER_METRICS_PORT"
# What the text of a BYTES tensor means, as MLServer names it.
TEXT, BASE64, DATETIME, JSON = "str", "base64", "datetime", "pd_json"
# Seconds that a connection may be idle: longer than Envoy keeps one (an hour). It would send a request into one that a
# server is just closing, and must not send it again.
IDLE = 4000
