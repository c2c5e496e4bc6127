"""Contradictions in how requests come in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from components.settings.problems import Problem, fault

if TYPE_CHECKING:
    from components.settings import Settings


def check(settings: Settings) -> Iterator[Problem]:
    tls = settings.ingress.tls
    if tls:
        issuers = tls.issuer.model_dump(exclude_none=True)
        if len(issuers) != 1:
            yield fault(("ingress", "tls", "issuer"), None, "write exactly one of selfSigned, ca, acme and existing")
    if settings.ingress.auth:
        for index, jwt in enumerate(settings.ingress.auth.jwt):
            if (jwt.jwks_uri is None) == (jwt.jwks is None):
                at = ("ingress", "auth", "jwt", index)
                yield fault(at, jwt.issuer, "write exactly one of jwksUri and jwks")
