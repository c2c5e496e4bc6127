"""What Istio's AuthorizationPolicies say of a request (https://istio.io/latest/docs/reference/config/security/).

A request that a rule of a DENY matches is refused; where there is an ALLOW, so is one that none of its rules matches.
Fields of one source or operation are all to match, lists of them any.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Request:
    host: str
    port: int = 443
    method: str = "POST"
    path: str = "/v2/models/mlflow-model/infer"
    # `issuer/subject` of a valid token; "" is nobody.
    principal: str = ""
    audiences: tuple[str, ...] = ()


def passes(policies: Sequence[Mapping[str, Any]], request: Request) -> bool:
    """Whether a workload with these policies (`spec`) hands the request on."""
    denies = [spec for spec in policies if spec["action"] == "DENY"]
    allows = [spec for spec in policies if spec["action"] == "ALLOW"]
    if any(_rule(rule, request) for spec in denies for rule in spec["rules"]):
        return False
    return not allows or any(_rule(rule, request) for spec in allows for rule in spec["rules"])


def _rule(rule: Mapping[str, Any], request: Request) -> bool:
    assert set(rule) <= {"from", "to", "when"}
    sources = [each["source"] for each in rule.get("from", [])]
    operations = [each["operation"] for each in rule.get("to", [])]
    return (
        (not sources or any(_fields(each, request) for each in sources))
        and (not operations or any(_fields(each, request) for each in operations))
        and all(_when(each, request) for each in rule.get("when", []))
    )


def _fields(fields: Mapping[str, Sequence[str]], request: Request) -> bool:
    assert fields, "Istio refuses an empty one"
    return all(_field(name, patterns, request) for name, patterns in fields.items())


def _field(name: str, patterns: Sequence[str], request: Request) -> bool:
    values = {
        "requestPrincipals": request.principal,
        "hosts": request.host.lower(),
        "ports": str(request.port),
        "methods": request.method,
        "paths": request.path,
    }
    if name.startswith("not"):
        return not _field(name[3].lower() + name[4:], patterns, request)
    return any(_matches(pattern, values[name]) for pattern in patterns)


def _when(condition: Mapping[str, Any], request: Request) -> bool:
    assert condition["key"] == "request.auth.audiences"
    if "values" in condition:
        return bool(set(condition["values"]) & set(request.audiences))
    return not set(condition["notValues"]) & set(request.audiences)


def _matches(pattern: str, value: str) -> bool:
    """Istio's patterns: the whole, a beginning, an end, or anything at all (but not nothing)."""
    if pattern == "*":
        return bool(value)
    if pattern.startswith("*"):
        return value.endswith(pattern[1:])
    return value.startswith(pattern[:-1]) if pattern.endswith("*") else value == pattern
