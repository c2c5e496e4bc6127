"""Secrets stand in Secrets, and nowhere else: not in a pod's spec, a ConfigMap or a chart's values.

Helm keeps a release's values in the cluster, readable by whoever may read its namespace's Secrets; a pod's spec is in
every `describe`. No message shows a value.
"""

import re
from collections.abc import Iterator, Mapping

from policy.resource import Resource, chart_key, containers, walk

# Whole words at the end: `passwordKey` and `secretName` say where a secret is, `POSTGRES_PASSWORD` is one.
NAME = re.compile(
    r"(password|passwd|passphrase|(?<!existing)(?<!pull)secret|token|credentials?|"
    r"(api|access|secret|private|signing)[_-]?key)$",
    re.IGNORECASE,
)
FORMS = {
    "a URL with a password": re.compile(r"://[^/\s:@]+:[^/\s@]+@"),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "an AWS access key": re.compile(r"\b(AKIA|ASIA)[A-Z0-9]{16}\b"),
    "a token": re.compile(r"\b(gh[pousr]_[A-Za-z0-9]{36}|glpat-[\w-]{20}|eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]+)"),
}


def no_plain_secrets(resource: Resource) -> Iterator[str]:
    """Secrets by reference only."""
    if not resource.kind or resource.kind == "Secret":
        return
    for container in containers(resource):
        for variable in container.spec.get("env") or ():
            if isinstance(variable, Mapping) and _named(str(variable.get("name")), variable.get("value")):
                yield (
                    f"{container.title}: the environment variable {variable['name']} holds a secret as it is; put it "
                    "into a Secret and name that by `valueFrom.secretKeyRef`"
                )
    if resource.kind in ("Release", "ConfigMap"):
        inside = "values" if resource.kind == "Release" else "data"
        for path, value in walk(resource.get(inside)):
            if path and _named(path[-1], value):
                at = chart_key(resource, path) if inside == "values" else ".".join((inside, *path))
                yield f"{resource.title}: {at} holds a secret as it is; put it into a Secret and name that"
    for path, value in walk(resource.inputs):
        for what, form in FORMS.items():
            if isinstance(value, str) and form.search(value):
                yield f"{resource.title}: {'.'.join(path)} holds {what}; put it into a Secret and name that"


def _named(name: str, value: object) -> bool:
    """Whether something of this name and value is a secret: a variable in a value, such as $(TOKEN), is none."""
    return isinstance(value, str) and bool(value) and not value.startswith("$") and bool(NAME.search(name))
