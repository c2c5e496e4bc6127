"""Say what would fail an `up` of a stack, and what to do: machine, tools, cluster, every chart and image.

Exits with 1 when something would. Nothing is changed, and nothing but indexes and manifests is fetched.
"""

from datetime import UTC, datetime

import click

from tools.cli import stack
from tools.doctor.examination import examined
from tools.doctor.report import as_json, fails, line, markdown, summary
from tools.engine.stack import Stack


@click.command(help=__doc__)
@stack
@click.option("--json", "as_data", is_flag=True, help="Every result as JSON.")
@click.option("--markdown", "as_markdown", is_flag=True, help="Faults and notes as a table.")
@click.option("--strict", is_flag=True, help="Fail on every note that has no reason written down, too.")
@click.option("--published", is_flag=True, help="Only what does not depend on this machine: charts, images, support.")
def command(stack: Stack, as_data: bool, as_markdown: bool, strict: bool, published: bool) -> int:
    results = []
    for result in examined(stack, datetime.now(UTC).date(), only_published=published):
        results.append(result)
        if not as_data and not as_markdown:
            print(line(result), flush=True)
    print(as_json(results) if as_data else markdown(stack.name, results) if as_markdown else summary(results))
    return 1 if any(fails(each, strict=strict) for each in results) else 0
