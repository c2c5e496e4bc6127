"""GitHub's comments and issues, each found again by a marker in its text, so that a new one is not added every time."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from components.errors import SlipwayError

_PAGE = 100


@dataclass(frozen=True)
class Repository:
    """`api` such as https://api.github.com, `name` owner/repository, and a token that may write."""

    api: str
    name: str
    token: str

    def comment(self, number: int, marker: str, body: str) -> None:
        """Write the comment with `marker` on a pull request (or issue): the one that is there, or a new one."""
        at = f"/issues/{number}/comments"
        for known in self._pages(at):
            # Anybody can write a marker; only what a workflow wrote is written over.
            if marker in (known.get("body") or "") and known["user"]["type"] == "Bot":
                self._ask("PATCH", f"/issues/comments/{known['id']}", {"body": body})
                return
        self._ask("POST", at, {"body": body})

    def issue(self, marker: str, title: str, body: str) -> None:
        """Open the issue with `marker`, or bring the open one up to date."""
        if known := self._open_issue(marker):
            self._ask("PATCH", f"/issues/{known}", {"title": title, "body": body})
        else:
            self._ask("POST", "/issues", {"title": title, "body": body})

    def close(self, marker: str, note: str) -> None:
        """Close the open issue with `marker`, if there is one, saying why."""
        if known := self._open_issue(marker):
            self._ask("POST", f"/issues/{known}/comments", {"body": note})
            self._ask("PATCH", f"/issues/{known}", {"state": "closed"})

    def _open_issue(self, marker: str) -> int | None:
        for known in self._pages("/issues?state=open"):
            if marker in (known.get("body") or "") and known["user"]["type"] == "Bot" and "pull_request" not in known:
                return int(known["number"])
        return None

    def _pages(self, path: str) -> Iterator[dict[str, Any]]:
        page = 1
        while True:
            found = self._ask("GET", f"{path}{'&' if '?' in path else '?'}per_page={_PAGE}&page={page}")
            yield from found
            if len(found) < _PAGE:
                return
            page += 1

    def _ask(self, method: str, path: str, content: dict[str, Any] | None = None) -> Any:
        request = urllib.request.Request(
            f"{self.api}/repos/{self.name}{path}",
            method=method,
            data=json.dumps(content).encode() if content else None,
            headers={"Authorization": f"Bearer {self.token}", "Accept": "application/vnd.github+json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            said = error.read().decode(errors="replace")[:300]
            raise SlipwayError(f"{method} {path}: {error.code}: {said}") from None
        except OSError as error:
            raise SlipwayError(f"{method} {path}: {error}") from None
