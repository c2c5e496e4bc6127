"""MLServer's MLflow runtime, with a bad request answered 400 and a reason.

As it is, MLServer 1.7.1 answers 500 "Internal Server Error" to data that does not fit the model's signature, so that a
client's mistake and a broken server look the same to the client, to retries and to alerts on 5xx.
"""

from typing import Any

from mlflow.exceptions import MlflowException
from mlserver.codecs import RequestCodec
from mlserver.errors import InferenceError, MLServerError
from mlserver.types import InferenceRequest, InferenceResponse
from mlserver_mlflow import MLflowRuntime


class Runtime(MLflowRuntime):  # type: ignore[misc]  # untyped
    """Serves an MLflow model folder on V2; an error says what the model's inputs are."""

    def decode_request(
        self, inference_request: InferenceRequest, default_codec: type[RequestCodec] | RequestCodec | None = None
    ) -> Any:
        try:
            return super().decode_request(inference_request, default_codec)
        except (TypeError, ValueError) as error:
            raise InferenceError(self._explained(f"The data does not fit its shape or datatype: {error}")) from error

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        try:
            return await super().predict(payload)
        except MlflowException as error:
            # Before its reason, MLflow's message repeats the whole data.
            reason = error.message.rpartition(" Error: ")[2]
            status: int = error.get_http_status_code()  # type: ignore[no-untyped-call]
            raise MLServerError(self._explained(reason), status) from error
        except ValueError as error:
            raise InferenceError(self._explained(f"The model refuses the data: {error}")) from error

    def _explained(self, reason: str) -> str:
        expected = "; ".join(f"{each.name}, {each.datatype}, shape {each.shape}" for each in self.inputs)
        return f"{reason.rstrip('.')}. The model takes, with -1 for any number: {expected}." if expected else reason
