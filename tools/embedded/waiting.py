"""Waiting for a server of the embedded stack."""

import ssl
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from components.clients.waiting import wait_out
from components.errors import SlipwayError
from tools.embedded.processes import Background


def answers(url: str, headers: Mapping[str, str] | None = None, ca: Path | None = None) -> bool:
    """Whether the URL gives 200."""
    try:
        context = ssl.create_default_context(cafile=str(ca)) if ca else None
        request = urllib.request.Request(url, headers=dict(headers or {}))
        with urllib.request.urlopen(request, timeout=5, context=context) as answer:
            return bool(answer.status == 200)
    except (OSError, ValueError):
        return False


def until(
    process: Background, url: str, seconds: float, headers: Mapping[str, str] | None = None, ca: Path | None = None
) -> None:
    """Return when the process answers 200 at the URL. Raises SlipwayError with its log when it ends or is late."""
    wait_out(lambda: process.pid and not answers(url, headers, ca), seconds, every=0.1)
    if not answers(url, headers, ca):
        fate = f"did not answer at {url} within {seconds:.0f} s" if process.pid else "ended"
        raise SlipwayError(f"{process.name} {fate}; its log {process.log} ends with:\n{process.last_words()}")
