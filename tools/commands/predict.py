"""Ask a stack's models for predictions, and show each answer with its version and time.

FILE holds rows (.csv, .parquet, or .json: a list of rows), or a V2 request, {"inputs": [...]}, as .json. Without one
the model's own example is asked again. What the server says against a request is printed as it is.
"""

import json
import time
from functools import partial
from pathlib import Path

import click

from tools.cli import stack
from tools.engine.stack import Stack
from tools.predict import served
from tools.prediction.answer import table
from tools.prediction.load import measured


@click.command(help=__doc__)
@stack
@click.option("--model", help="One model; default: every one.")
@click.option("--inputs", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE")
@click.option(
    "--grpc",
    "by_grpc",
    is_flag=True,
    help="Over gRPC: by the gateway with `grpc: true`, else one of its pods by the cluster's API.",
)
@click.option("--json", "as_json", is_flag=True, help="The answers as they are, a line for each model.")
@click.option("--repeat", type=click.IntRange(min=1), metavar="COUNT", help="Ask so often, and show the times.")
@click.option("--rate", type=click.FloatRange(min=0, min_open=True), metavar="PER SECOND", help="With --repeat.")
def command(
    stack: Stack,
    model: str | None,
    inputs: Path | None,
    by_grpc: bool,
    as_json: bool,
    repeat: int | None,
    rate: float | None,
) -> int:
    failed = 0
    for each in served(stack, model):
        question = each.question(inputs)
        with each.asked(stack, by_grpc=by_grpc) as ask:
            began = time.perf_counter()
            answer = ask(question)
            took = (time.perf_counter() - began) * 1000
            if as_json:
                print(json.dumps(answer))
                continue
            print(f"{each.name}, version {answer.get('model_version', '?')}, {took:.0f} ms\n{table(answer)}")
            if repeat:
                result = measured(partial(ask, question), repeat, rate)
                print(result)
                failed += sum(result.failed.values())
    return 1 if failed else 0
