"""model/Dockerfile, read for what the image is and how it starts."""

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PATH = Path(__file__).parents[1] / "model" / "Dockerfile"


@dataclass(frozen=True)
class Dockerfile:
    """The instructions in order, as (word, rest); lines joined, comments dropped."""

    instructions: list[tuple[str, str]]

    @classmethod
    def read(cls) -> "Dockerfile":
        lines = [line for line in PATH.read_text().splitlines() if not line.startswith("#")]
        joined = "\n".join(lines).replace("\\\n", " ").splitlines()
        return cls([(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in joined if line)])

    def all(self, instruction: str) -> list[str]:
        return [rest for word, rest in self.instructions if word == instruction]

    def environment(self, build_args: Mapping[str, str]) -> dict[str, str]:
        """The variables that the image sets when it is built with these arguments."""
        values = dict(pair.split("=", 1) for rest in self.all("ENV") for pair in shlex.split(rest))
        defaults = dict(rest.split("=", 1) for rest in self.all("ARG") if "=" in rest)
        for name, value in {**defaults, **build_args}.items():
            values = {key: text.replace(f"${{{name}}}", value) for key, text in values.items()}
        return values

    @property
    def command(self) -> list[str]:
        return list(json.loads(self.all("CMD")[-1]))
