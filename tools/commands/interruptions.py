"""Interrupt `up` and `destroy` of a stack's settings at random moments, and see that the next run mends it.

In a checkout of its own, which is thrown away; a kind stack must not be up. Prints how often nothing was left: no
pending operation, lock, process, folder, half-written file, container or network. Exits with 1 unless always.
"""

import contextlib
import random
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import click

from components.clients.process import INTERRUPTED
from tools.cli import stack
from tools.engine.stack import Stack
from tools.interruptions.rounds import SIGNALS, VERBS, Interruptions, Outcome, summary
from tools.interruptions.victim import victim


@click.command(help=__doc__)
@stack
@click.option("--rounds", type=click.IntRange(min=1), default=20, show_default=True, help="Of each signal and verb.")
@click.option(
    "--signal", "signals", type=click.Choice(list(SIGNALS)), multiple=True, help="Again for more; default: all."
)
@click.option("--verb", "verbs", type=click.Choice(VERBS), multiple=True, help="Again for more; default: all.")
@click.option("--seed", type=int, help="Of the moments; by chance, and printed.")
def command(stack: Stack, rounds: int, signals: Sequence[str], verbs: Sequence[str], seed: int | None) -> int:
    seed = random.SystemRandom().randrange(10**6) if seed is None else seed
    print(f"seed {seed}", flush=True)
    outcomes: list[Outcome] = []
    try:
        with tempfile.TemporaryDirectory() as name, victim(stack, Path(name)) as chosen:
            interruptions = Interruptions(chosen, random.Random(seed), lambda line: print(line, flush=True))
            with contextlib.closing(interruptions):
                interruptions.measured()
                for each in interruptions.rounds(signals or list(SIGNALS), verbs or VERBS, rounds):
                    outcomes.append(each)
                    said = "; ".join(each.faults) or "mended"
                    print(f"{each.verb}, SIG{each.signal} after {each.after:.1f} s: {said}", flush=True)
    except KeyboardInterrupt:
        print("\ninterrupted; nothing of it is left running", file=sys.stderr)
        return INTERRUPTED
    finally:
        # Of those that there were, where this command is interrupted itself.
        print(*summary(outcomes), sep="\n")
    return int(any(each.faults for each in outcomes))
