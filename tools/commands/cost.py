"""Show what a stack asks of its cluster, for each part and model, at the least and the most replicas.

Requests decide what nodes it needs; limits, how much it may take. With prices of an hour also what a month costs.
Charts that cannot be reached are not counted, and are named.
"""

import sys

import click

from tools.cli import stack
from tools.cost import Price, demands, table
from tools.engine.stack import Stack
from tools.render.stack import render


@click.command(help=__doc__)
@stack
@click.option("--cpu", type=float, default=0, metavar="PRICE", help="Of a core for an hour.")
@click.option("--memory", type=float, default=0, metavar="PRICE", help="Of a GiB for an hour.")
@click.option("--gpu", type=float, default=0, metavar="PRICE", help="Of a GPU for an hour.")
def command(stack: Stack, cpu: float, memory: float, gpu: float) -> None:
    rendering = render(stack.file)
    print(table(demands(rendering), Price(cpu=cpu, memory=memory, gpu=gpu)))
    for key, why in rendering.missing.items():
        print(f"not counted: the chart {key}, which cannot be reached: {why}", file=sys.stderr)
