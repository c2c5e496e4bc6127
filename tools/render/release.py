"""A Helm release of the program, and what Helm makes of it."""

import hashlib
import itertools
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from components.clients.process import CommandFailed, run
from components.errors import SlipwayError
from components.settings.merge import merged
from tools.environment import tools_first
from tools.recording import Registration
from tools.render.manifest import Manifest, documents, dump

# A chart server that lets nothing through must not be waited for long.
PULL_SECONDS = 60
TEMPLATE_SECONDS = 120
CACHE = Path(".slipway") / "charts"
# What stands in place of what a chart makes up anew each time, such as a certificate.
GENERATED = "[generated]"


@dataclass(frozen=True, kw_only=True)
class Release:
    """What Helm is given. `key` is the chart's in components/settings/versions.py; secrets in `values` are hidden."""

    key: str
    name: str
    namespace: str
    chart: str
    version: str
    repository: str | None
    values: dict[str, Any]
    # A program that the manifests go through.
    postrender: str | None = None

    @classmethod
    def of(cls, entry: Registration) -> "Release":
        return cls.given(entry.name, entry.hidden)

    @classmethod
    def given(cls, key: str, given: Mapping[str, Any]) -> "Release":
        """Of the release's inputs, as Pulumi has them."""
        return cls(
            key=key,
            name=given["name"],
            namespace=given["namespace"],
            chart=given["chart"],
            version=given["version"],
            repository=(given.get("repositoryOpts") or {}).get("repo"),
            values=merged(given.get("values") or {}, _files(given)),
            postrender=given.get("postrender"),
        )

    @property
    def source(self) -> str:
        return f"{self.repository.rstrip('/')}/{self.chart}" if self.repository else self.chart

    def __str__(self) -> str:
        return f"{self.key} {self.version} ({self.source})"


def _files(given: Mapping[str, Any]) -> dict[str, Any]:
    """The values that the release has from files, which are written in the program."""
    content: dict[str, Any] = {}
    for each in given.get("valueYamlFiles") or []:
        content = merged(content, yaml.safe_load(each["text"]))
    return content


def helm(arguments: Sequence[str], timeout: float) -> str:
    """Helm's output. Raises SlipwayError with Helm's own last words."""
    try:
        return run(["helm", *arguments], env=tools_first(), timeout=timeout)
    except CommandFailed as error:
        raise SlipwayError(error.why) from None


def fetched(release: Release) -> Path:
    """The chart's archive or folder, kept for the next time. Raises SlipwayError when it cannot be reached."""
    local = Path(release.chart)
    if not release.repository and not release.chart.startswith("oci://"):
        if not local.exists():
            raise SlipwayError(f"there is no {local}")
        return local
    folder = CACHE / hashlib.sha256(f"{release.source} {release.version}".encode()).hexdigest()[:16]
    if not (kept := sorted(folder.glob("*.tgz"))):
        CACHE.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryDirectory(dir=CACHE) as new:
            repo = ["--repo", release.repository] if release.repository else []
            helm(["pull", release.chart, *repo, "--version", release.version, "--destination", new], PULL_SECONDS)
            shutil.rmtree(folder, ignore_errors=True)
            Path(new).rename(folder)
            # The context removes what is at its place then.
            Path(new).mkdir()
        kept = sorted(folder.glob("*.tgz"))
    return kept[0]


def template(release: Release, chart: Path, kubernetes: str) -> list[dict[str, Any]]:
    """The objects of a release. Raises SlipwayError when Helm refuses its chart."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as values:
        values.write(dump(release.values))
        values.flush()
        where = ["--namespace", release.namespace, "--kube-version", kubernetes, "--values", values.name]
        text = helm(["template", release.name, str(chart), *where, "--include-crds", "--skip-tests"], TEMPLATE_SECONDS)
    if release.postrender:
        text = run([str(Path(release.postrender).absolute())], stdin=text)
    return [each for each in documents(text) if each]


def _same(one: Any, other: Any) -> Any:
    """`one`, with GENERATED wherever another rendering says something else."""
    if isinstance(one, dict) and isinstance(other, dict):
        return {key: _same(value, other.get(key)) for key, value in one.items()}
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return [_same(*pair) for pair in zip(one, other, strict=True)]
    return one if one == other else GENERATED


def rendered(releases: Sequence[Release], kubernetes: str) -> tuple[list[Manifest], dict[str, str]]:
    """The objects of every release whose chart can be reached, and by key why the others cannot.

    Every chart is rendered twice: what differs is made up by the chart. Raises SlipwayError when Helm refuses one.
    """
    charts: dict[str, Path] = {}
    missing: dict[str, str] = {}

    def bring(release: Release) -> None:
        try:
            charts[release.key] = fetched(release)
        except SlipwayError as error:
            missing[release.key] = str(error)

    def render(release: Release) -> list[dict[str, Any]]:
        try:
            return template(release, charts[release.key], kubernetes)
        except SlipwayError as error:
            raise SlipwayError(f"{release}: {error}") from None

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(bring, releases))
        here = [release for release in releases if release.key in charts]
        first, second = list(pool.map(render, here)), list(pool.map(render, here))
    found = itertools.chain.from_iterable(
        (Manifest(content=content, release=release.key) for content in _same(*pair))
        for release, *pair in zip(here, first, second, strict=True)
    )
    return list(found), missing
