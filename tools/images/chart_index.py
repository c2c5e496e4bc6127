"""What a chart repository's index says (https://helm.sh/docs/topics/chart_repository/), without fetching a chart."""

import http.client
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

import yaml

from components.errors import SlipwayError

ASK_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One version of a chart; `digest` is the archive's SHA-256, where the index has it."""

    version: str
    url: str
    digest: str


class Index:
    """The index of one repository, fetched when it is made. Raises SlipwayError."""

    def __init__(self, repository: str) -> None:
        self._base = f"{repository.rstrip('/')}/"
        content = _yaml(_fetched(urljoin(self._base, "index.yaml")), self._base)
        self._entries: dict[str, Any] = content.get("entries") or {}

    def versions(self, chart: str) -> list[str]:
        return [str(each.get("version")) for each in self._entries.get(chart) or []]

    def entry(self, chart: str, version: str) -> Entry | None:
        """The chart in that version, with a `v` before it or without, as Helm finds it."""
        for each in self._entries.get(chart) or []:
            if same_version(str(each.get("version")), version) and (urls := each.get("urls")):
                return Entry(
                    version=str(each["version"]), url=urljoin(self._base, urls[0]), digest=str(each.get("digest") or "")
                )
        return None


def same_version(one: str, other: str) -> bool:
    """Whether Helm takes them for the same: a leading `v` is none of a version's, what follows a `+` no order."""
    return one.removeprefix("v").partition("+")[0] == other.removeprefix("v").partition("+")[0]


def is_there(url: str) -> None:
    """Raises SlipwayError when the archive cannot be had."""
    _fetched(url, method="HEAD")


def _fetched(url: str, method: str = "GET") -> bytes:
    request = urllib.request.Request(url, method=method, headers={"User-Agent": "slipway"})
    try:
        with urllib.request.urlopen(request, timeout=ASK_SECONDS) as answer:
            return bytes(answer.read())
    except urllib.error.HTTPError as error:
        raise SlipwayError(
            f"{url}: {error.code} {error.reason}", remedy="look at the address, or use a mirror"
        ) from None
    except http.client.HTTPException as error:
        raise SlipwayError(f"{url}: the answer broke off ({error})", remedy="try again") from None
    except OSError as error:
        reason = getattr(error, "reason", None) or error
        remedy = "look at the network or a proxy; a mirror of the charts is slipway:chartMirror"
        raise SlipwayError(f"{url}: {reason}", remedy=remedy) from None


def _yaml(text: bytes, where: str) -> dict[str, Any]:
    try:
        content = yaml.load(text, yaml.CSafeLoader)
    except yaml.YAMLError:
        content = None
    if not isinstance(content, dict) or not isinstance(content.get("entries"), dict):
        raise SlipwayError(f"{where} has no index of charts", remedy="look at the address: a proxy's page, perhaps")
    return content
