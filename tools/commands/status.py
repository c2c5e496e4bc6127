"""Show how a stack is: servers, models, replicas, certificates, backups. Exits with 1 unless all is well."""

from datetime import UTC, datetime

import click

from tools.cli import stack
from tools.doctor.report import as_json, line
from tools.engine.stack import Stack
from tools.status import examined, summary


@click.command(help=__doc__)
@stack
@click.option("--json", "as_data", is_flag=True, help="Every result as JSON.")
def command(stack: Stack, as_data: bool) -> int:
    results = []
    for result in examined(stack, datetime.now(UTC)):
        results.append(result)
        if not as_data:
            print(line(result), flush=True)
    print(as_json(results) if as_data else summary(results))
    return 1 if any(each.state == "fault" for each in results) else 0
