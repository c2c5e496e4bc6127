"""V2 over gRPC, from so many connections at once: told on stdin, answers as `in_pod` does."""

import json
import sys
import threading
import time

import grpc
from mlserver.grpc.dataplane_pb2 import InferTensorContents, ModelInferRequest
from mlserver.grpc.dataplane_pb2_grpc import GRPCInferenceServiceStub


def main() -> None:
    told = json.load(sys.stdin)
    [given] = told["body"]["inputs"]
    flat = [value for row in given["data"] for value in row]
    tensor = ModelInferRequest.InferInputTensor(
        name=given["name"], datatype="FP64", shape=given["shape"], contents=InferTensorContents(fp64_contents=flat)
    )
    request = ModelInferRequest(model_name="mlflow-model", inputs=[tensor])
    latencies: list[float] = []
    failed: list[str] = []
    end = time.perf_counter() + told["seconds"]

    def client() -> None:
        # Channels to one place share a connection unless they differ.
        with grpc.insecure_channel(told["url"], [("grpc.use_local_subchannel_pool", 1)]) as channel:
            stub = GRPCInferenceServiceStub(channel)
            while time.perf_counter() < end:
                began = time.perf_counter()
                try:
                    stub.ModelInfer(request, timeout=30)
                except grpc.RpcError as error:
                    failed.append(str(error))
                    continue
                latencies.append(time.perf_counter() - began)

    threads = [threading.Thread(target=client) for _ in range(told["clients"])]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    print(json.dumps({"latencies": latencies, "failed": failed}))


if __name__ == "__main__":
    main()
