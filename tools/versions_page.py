"""`docs/versions.md`, made of the pins: where each was seen published, and until when it is supported."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from components.settings.images import split
from components.settings.serving_version import carried
from components.settings.sightings import SIGHTINGS
from components.settings.support import LINES, READ, Line
from components.settings.versions import CHARTS, IMAGES, KNATIVE_SERVING, Chart
from tools.toolchain.pins import ARCHITECTURES, on_demand, tools

PAGE = Path("docs/versions.md")
_HEAD = """# Versions

Written by `python -m tools versions`; the pins and the reasons for each are in `components/settings/versions.py` and
`tools/toolchain/pins.py`. No registry was asked: **seen** is public material that names exactly this version as pulled,
rendered or installed. `make doctor STACK=…` asks the registries, from where you are; the workflow `published` does so
every night.
"""


def page() -> str:
    beside = carried(KNATIVE_SERVING).net_istio
    return "\n".join(
        [
            _HEAD,
            "## Charts\n",
            *_table(("Key", "Version", "From", "Seen", "On"), map(_chart, CHARTS.items())),
            f"\nThe Knative operator installs Serving {KNATIVE_SERVING} with net-istio {beside}.\n",
            "## Images\n",
            *_table(("Key", "Image", "Digest", "Seen", "On"), map(_image, IMAGES.items())),
            "",
            "## Tools\n",
            "A checksum is a pin's own where the publisher's could be read; the others are asked of the publisher when",
            "they are downloaded, until `python -m tools tools --pin` has written them down.\n",
            *_table(("Tool", "Version", "File", *ARCHITECTURES), _tools()),
            "",
            "## Not seen anywhere\n",
            *_unseen(),
            "",
            "## Support\n",
            f"As the projects said on {READ}; **derived** is a day that they do not name themselves. What stays past",
            "its date has its reason.\n",
            *_table(("Part", "Line", "Until", "Says", "Stays because"), map(_line, LINES)),
            "",
        ]
    )


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    cells = list(head)
    yield f"| {' | '.join(cells)} |"
    yield f"|{'---|' * len(cells)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _seen(key: str) -> tuple[str, str]:
    found = SIGHTINGS.get(key)
    if not found:
        return "**not seen**", ""
    where = f"[{found.tag}]({found.where})" if found.where.startswith("https:") else f"{found.tag}, {found.where}"
    return where, str(found.on)


def _chart(pin: tuple[str, Chart]) -> tuple[str, ...]:
    key, chart = pin
    return f"`{key}`", chart.version, chart.repository or chart.chart, *_seen(key)


def _image(pin: tuple[str, str]) -> tuple[str, ...]:
    key, reference = pin
    name, _, digest = reference.partition("@")
    return f"`{key}`", ":".join(filter(None, split(name))), "pinned" if digest else "the lock's", *_seen(key)


def _tools() -> Iterator[tuple[str, ...]]:
    """A row for each published file; the architectures have the same ones in the same order."""
    everywhere = [(*tools(arch), *on_demand(arch)) for arch in ARCHITECTURES]
    for same in zip(*everywhere, strict=True):
        for files in zip(*(tool.downloads for tool in same), strict=True):
            said = ("pinned" if each.sha256 else "the publisher's" for each in files)
            yield same[0].name, same[0].version, files[0].file_name, *said


def _unseen() -> list[str]:
    missing = [
        *(f"chart `{key}` {chart.version}" for key, chart in CHARTS.items() if key not in SIGHTINGS),
        *(f"image `{reference.partition('@')[0]}`" for key, reference in IMAGES.items() if key not in SIGHTINGS),
    ]
    return [f"- {each}" for each in missing] or ["Every pin was seen."]


def _line(line: Line) -> tuple[str, ...]:
    until = f"{line.until or line.ends}{f' (derived: {line.derived})' if line.derived else ''}"
    return line.part, line.line, until, line.source, line.stays
