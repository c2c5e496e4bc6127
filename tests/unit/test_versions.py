"""What is said of the pins agrees with them."""

import re

from components.settings.sightings import SIGHTINGS
from components.settings.support import LINES
from components.settings.versions import CHARTS, IMAGES, KNATIVE_SERVING
from tools.upgrades.versions import Version, of_image
from tools.versions_page import PAGE, page


def test_the_page_is_that_of_the_pins() -> None:
    assert PAGE.read_text() == page(), "python -m tools versions"


def test_a_sighting_is_of_the_version_that_is_pinned() -> None:
    assert set(SIGHTINGS) <= {*CHARTS, *IMAGES}
    for key, sighting in SIGHTINGS.items():
        pinned = CHARTS[key].version if key in CHARTS else IMAGES[key].partition("@")[0].rpartition(":")[2]
        assert re.search(rf"(^|[-:v]){re.escape(pinned.removeprefix('v'))}($|[^\d.]|\.tgz)", sighting.tag), key


def test_every_line_that_is_pinned_has_a_word_on_its_support() -> None:
    said = {(line.part, line.line) for line in LINES}
    node = of_image(IMAGES["kind-node"])
    assert node
    pinned = {"kubernetes": node, "knative-serving": Version.parse(KNATIVE_SERVING)}
    pinned |= {key: Version.parse(CHARTS[key].version) for key in ("cert-manager", "istiod")}
    assert {(key, version.line) for key, version in pinned.items()} <= said


def test_a_line_has_either_a_day_or_an_event_and_only_a_day_is_derived() -> None:
    assert [line for line in LINES if bool(line.until) == bool(line.ends) or (line.derived and not line.until)] == []


def test_the_page_tells_a_derived_day_from_one_that_was_read() -> None:
    for line in LINES:
        assert f"| {line.part} | {line.line} | {line.until or line.ends}" in page()
        assert (f"{line.until} (derived: {line.derived})" in page()) == bool(line.derived)
