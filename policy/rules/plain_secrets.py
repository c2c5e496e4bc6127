"""Secrets stand in Secrets, and nowhere else: not in a pod's spec, a ConfigMap or a chart's values.

Helm keeps a release's values in the cluster, readable by whoever may read its namespace's Secrets; a pod's spec is in
every `describe`. No message shows a value. The forms of known tokens are detect-secrets' and a few that it lacks.
"""

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

from policy.resource import Container, Resource, chart_key, containers, walk

if TYPE_CHECKING:
    from detect_secrets.plugins.base import BasePlugin

# Whole words at the end: `passwordKey` says where a secret is, `POSTGRES_PASSWORD` and `DB_PASS` are one.
NAME = re.compile(
    r"((?i:password|passwd|passphrase|(?<!existing)(?<!pull)secret|token|credentials?|"
    r"(api|access|secret|private|signing|encryption|master|auth)[_-]?key|(^|[_.-])(pass|pwd|pw))|[a-z0-9](Pass|Pwd|Pw))$"
)
# A reference that the kubelet or a shell puts the value in for is none.
_VALUE = r"(?!\$[({A-Za-z_])"
FORMS = {
    "a URL with a password": re.compile(rf"://[^/\s:@]*:{_VALUE}[^/\s@]+@"),
    "a URL with a token": re.compile(rf"://{_VALUE}[\w.~-]{{16,}}@"),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "an AWS access key": re.compile(r"\b(AKIA|ASIA)[A-Z0-9]{16}\b"),
    "a token": re.compile(
        r"\b(gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{22,}|glpat-[\w-]{20}|hf_[A-Za-z0-9]{20,}|npm_[A-Za-z0-9]{36}|sk-[\w-]{20,}|"
        r"xox[abeoprs]-[\w-]{10,}|AIza[\w-]{35}|eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]+)"
    ),
}
# Those of its detectors whose forms are of one service alone: the others guess.
_DETECTORS = {
    "aws": "AWSKeyDetector",
    "azure_storage_key": "AzureStorageKeyDetector",
    "discord": "DiscordBotTokenDetector",
    "github_token": "GitHubTokenDetector",
    "gitlab_token": "GitLabTokenDetector",
    "jwt": "JwtTokenDetector",
    "mailchimp": "MailchimpDetector",
    "npm": "NpmDetector",
    "openai": "OpenAIDetector",
    "pypi_token": "PypiTokenDetector",
    "sendgrid": "SendGridDetector",
    "slack": "SlackDetector",
    "square_oauth": "SquareOAuthDetector",
    "stripe": "StripeDetector",
    "telegram_token": "TelegramBotTokenDetector",
    "twilio": "TwilioKeyDetector",
}
_OPTION = re.compile(r"--?(?P<name>[A-Za-z][\w.-]*)(=(?P<value>.*))?", re.DOTALL)
_ASSIGNMENT = re.compile(r"(?P<name>[A-Za-z_][\w.-]*)=(?P<value>.*)", re.DOTALL)


@cache
def detectors() -> Sequence["BasePlugin"]:
    """Imported where it is asked: what only writes a comment that is ready has nothing installed."""
    from importlib import import_module

    return [getattr(import_module(f"detect_secrets.plugins.{module}"), name)() for module, name in _DETECTORS.items()]


def forms(value: str) -> Iterator[str]:
    """What secrets the text holds, by their form."""
    found = [what for what, form in FORMS.items() if form.search(value)]
    yield from found
    if not found:
        yield from sorted({f"a token ({each.secret_type})" for each in detectors() if any(each.analyze_string(value))})


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
        for name in sorted(set(_arguments(container))):
            yield (
                f"{container.title}: the argument {name} holds a secret as it is; put it into a Secret, and hand it "
                "over as a file or an environment variable"
            )
    if resource.kind in ("Release", "ConfigMap"):
        inside = "values" if resource.kind == "Release" else "data"
        for path, value in walk(resource.get(inside)):
            if path and _named(path[-1], value):
                at = chart_key(resource, path) if inside == "values" else ".".join((inside, *path))
                yield f"{resource.title}: {at} holds a secret as it is; put it into a Secret and name that"
    for path, value in walk(resource.inputs):
        for what in forms(value) if isinstance(value, str) else ():
            yield f"{resource.title}: {'.'.join(path)} holds {what}; put it into a Secret and name that"


def _arguments(container: Container) -> Iterator[str]:
    """The options of the container's command whose value is a secret."""
    words = [word for key in ("command", "args") for word in container.spec.get(key) or () if isinstance(word, str)]
    yield from _options(words)
    for line in words:
        if any(space in line for space in " \n\t"):
            try:
                yield from _options(shlex.split(line, comments=True))
            except ValueError:
                yield from _options(line.split())


def _options(words: Sequence[str]) -> Iterator[str]:
    for word, following in pairwise([*words, ""]):
        option, assigned = _OPTION.fullmatch(word), _ASSIGNMENT.fullmatch(word)
        if option:
            value = option["value"] if option["value"] is not None else "" if following.startswith("-") else following
            if _named(option["name"], value):
                yield f"-{'-' * word.startswith('--')}{option['name']}"
        elif assigned and _named(assigned["name"], assigned["value"]):
            yield assigned["name"]


def _named(name: str, value: object) -> bool:
    """Whether something of this name and value is a secret: a variable in a value, such as $(TOKEN), is none."""
    return isinstance(value, str) and bool(value) and not value.startswith("$") and bool(NAME.search(name))
