"""Where images and charts come from, and overrides of what the stack does not have."""

from collections.abc import Iterator
from pathlib import Path as File

from components.settings import image_lock as lock
from components.settings.files import OF_ONE_MACHINE, of_one_machine
from components.settings.parts import PARTS
from components.settings.parts.part import Part
from components.settings.platform import Platform
from components.settings.problems import Path, Problem, fault
from components.settings.problems import joined as dotted
from components.settings.stack import Settings
from components.settings.versions import CHARTS, IMAGES


def digests(settings: Settings) -> Iterator[Problem]:
    try:
        lock.digests(settings.image_lock)
    except lock.LockError as error:
        yield fault(("imageLock",), settings.image_lock or lock.DEFAULT, str(error))


def images_without_use(settings: Settings) -> Iterator[Problem]:
    unused = _unused_images(settings)
    for key, reference in settings.images.items():
        if reason := unused.get(key):
            yield fault(("images", key), reference, f"without effect: {reason}; remove it")


def _unused_images(settings: Settings) -> dict[str, str]:
    """Images that the stack does not have, and why."""
    database, store, unused = settings.database, settings.object_store, dict[str, str]()
    if not settings.cluster.kind:
        unused |= dict.fromkeys(("kind-node", "registry"), "the cluster is not kind's")
    if not database.cloud_native_pg:
        unused["postgres-cluster"] = "database.cloudNativePg is not written"
    if database.cloud_native_pg:
        unused["postgres"] = "database.cloudNativePg has an image of its own"
    for engine in ("minio", "versitygw"):
        if store.engine != engine:
            unused[engine] = f"objectStore.engine is {store.engine}"
    if not (database.volume_permissions or store.volume_permissions):
        unused["volume-permissions"] = "volumePermissions is written nowhere"
    if all(model.image for model in settings.models) and not any(model.canary for model in settings.models):
        unused |= {key: "no model's image is built" for key in IMAGES if key.startswith("python-")}
    return unused


def charts_without_use(settings: Settings) -> Iterator[Problem]:
    for part, key in _not_installed(settings):
        installation = part.installation(settings)
        if installation != part.word:
            yield fault(("charts", key), None, f"without effect: {dotted(part.key)} is {installation}; remove it")
        elif part.installed(settings):
            asking = part.optional_charts[key].setting
            yield fault(("charts", key), None, f"without effect: {asking} does not ask for it; remove it")


def charts_without_need(settings: Settings) -> Iterator[Problem]:
    """No faults: the next model may need what the last one did not."""
    for part, key in _not_installed(settings):
        if part.installation(settings) == part.word and not part.installed(settings):
            what = Platform.model_fields[part.setting].description
            yield fault(("charts", key), None, f"without effect: nothing in this stack needs {part.title} ({what})")


def _not_installed(settings: Settings) -> Iterator[tuple[Part, str]]:
    """The charts that have an override and are not installed."""
    for part in PARTS:
        installed = part.charts_of(settings)
        for key in (*part.charts, *part.optional_charts):
            if key in settings.charts and key not in installed:
                yield part, key


def charts(settings: Settings) -> Iterator[Problem]:
    for key, override in settings.charts.items():
        at: Path = ("charts", key)
        chart, repository = override.chart or "", override.repository
        if repository and chart.startswith("oci://"):
            yield fault((*at, "repository"), repository, "an oci:// chart is in no repository; remove one of the two")
        elif chart and not chart.startswith("oci://") and not repository:
            if of_one_machine(chart):
                yield fault((*at, "chart"), chart, OF_ONE_MACHINE)
            elif not (File(chart) / "Chart.yaml").is_file() and not File(chart).is_file():
                yield fault((*at, "chart"), chart, "no chart in that folder; write its `repository` too, or oci://…")
        elif repository and not chart and CHARTS[key].repository is None:
            yield fault((*at, "repository"), repository, "the pin is an oci:// chart; write `chart`, its name, too")


RULES = (digests, images_without_use, charts_without_use, charts)
