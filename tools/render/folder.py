"""A rendering as files: one an object, one a Helm release."""

import shutil
from collections import defaultdict
from pathlib import Path

from components.errors import SlipwayError
from tools.render.manifest import Manifest, dump
from tools.render.release import Release
from tools.render.stack import Rendering

RELEASES = "_releases"
NOT_RENDERED = "NOT-RENDERED.txt"
# Tells a folder that may be replaced.
MARK = ".rendered"


def files(rendering: Rendering) -> dict[str, str]:
    """Path in the folder to content."""
    found: dict[str, list[str]] = defaultdict(list)
    for manifest in rendering.manifests:
        found[manifest.path].append(_head(manifest) + dump(manifest.content))
    texts = {path: "---\n".join(sorted(parts)) for path, parts in found.items()}
    for release in rendering.releases:
        texts[f"{RELEASES}/{release.key}.yaml"] = dump(_described(release))
    if missing := sorted(str(each) for each in rendering.releases if each.key in rendering.missing):
        texts[NOT_RENDERED] = "These charts could not be reached; their objects are not here:\n" + "".join(
            f"{each}\n" for each in missing
        )
    return texts


def _head(manifest: Manifest) -> str:
    if not manifest.release:
        return ""
    hook = f", run by Helm as its hook ({manifest.hook})" if manifest.hook else ""
    return f"# Of the chart {manifest.release}{hook}\n"


def _described(release: Release) -> dict[str, object]:
    parts = {"release": release.name, "namespace": release.namespace, "chart": release.source}
    return {**parts, "version": release.version, "values": release.values}


def write(rendering: Rendering, folder: Path) -> int:
    """Write the files, in place of those of an earlier rendering; returns how many.

    Raises SlipwayError when the folder holds something else.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists():
        raise SlipwayError(f"{folder} is not empty and not from an earlier rendering: name another folder")
    shutil.rmtree(folder, ignore_errors=True)
    texts = files(rendering)
    for path, text in {MARK: "", **texts}.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return len(texts)
