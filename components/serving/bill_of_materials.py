"""What an image has of Python packages, as CycloneDX says it: a scanner or an audit reads it without the image."""

import json
from collections.abc import Iterator

from packaging.requirements import InvalidRequirement, Requirement

from components.serving import requirement_lines as read

FILE = "sbom.cdx.json"


def cyclonedx(python: str, **locks: str) -> str:
    """The packages of each lock, by what they are for. Without a time or a number of its own: the same for the same."""
    components = [
        {**component, "properties": [{"name": "slipway:environment", "value": environment}]}
        for environment, lock in locks.items()
        for component in _components(lock, python)
    ]
    described = {"component": {"type": "platform", "name": "python", "version": python}}
    whole = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "metadata": described}
    return json.dumps({**whole, "components": components}, indent=1) + "\n"


def _components(lock: str, python: str) -> Iterator[dict[str, object]]:
    there = {"python_version": python, "python_full_version": f"{python}.0", "sys_platform": "linux"}
    for line in read.lines_of(lock):
        try:
            wanted = Requirement(line.partition(" --hash")[0])
        except InvalidRequirement:
            # An option, or a path: what comes from the model's own folder.
            if not line.startswith("-"):
                yield {"type": "library", "name": line}
            continue
        if wanted.marker and not wanted.marker.evaluate(there):
            continue
        version = next((each.version for each in wanted.specifier), None)
        named = {"type": "library", "name": wanted.name, **({"version": version} if version else {})}
        at = f"pkg:pypi/{read.name(line)}" + (f"@{version}" if version else "")
        yield {**named, "purl": at, **({"externalReferences": [_place(wanted.url)]} if wanted.url else {})}


def _place(url: str) -> dict[str, str]:
    return {"type": "distribution", "url": url}
