"""Names that Kubernetes, the registry and MLflow accept."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, WithJsonSchema


def _text(pattern: str, longest: int, form: str) -> Any:
    """A string of a form, with a message that a person can act on and the pattern in the JSON schema."""

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(f"write {form}")
        if len(text) > longest:
            raise ValueError(f"{len(text)} characters; write at most {longest}")
        return text

    schema = {"type": "string", "pattern": f"^{pattern}$", "maxLength": longest}
    return Annotated[str, AfterValidator(check), WithJsonSchema(schema)]


_LABEL = r"[a-z]([-a-z0-9]*[a-z0-9])?"
_LABEL_FORM = "lower-case letters, digits and hyphens, beginning with a letter"
_HOST = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"

# KServe and Knative append `-predictor-00001-deployment-<hash>-<pod>` and put `<name>-predictor-<namespace>` in one
# host label of at most 63 characters, so a model's name must leave room.
LONGEST_NAME = 40
ModelName = _text(_LABEL, LONGEST_NAME, _LABEL_FORM)
Namespace = _text(_LABEL, 20, _LABEL_FORM)
ClusterName = _text(_LABEL, 40, _LABEL_FORM)
ClientName = _text(_LABEL, 60, _LABEL_FORM)
Domain = _text(_HOST, 180, "a host name in lower case, such as models.example.com")
# Istio reads an Ingress host without a dot as the short name of a Service.
Host = _text(r"(?=.*\.)" + _HOST, 180, "a host name with a dot, such as mlflow.example.com")
# As Istio takes hosts: one, or all that end so.
HostPattern = _text(r"(\*\.)?" + _HOST, 180, "a host name such as app.example.com, or *.example.com")
Bucket = _text(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", 63, "3 to 63 lower-case letters, digits, dots and hyphens")
RegistryAddress = _text(
    r"[a-z0-9.-]+(:\d+)?(/[a-z0-9._-]+)*", 200, "host[:port][/path] without a scheme, such as registry.example.com/team"
)
ImageDigest = _text(
    r"[^\s@]+@sha256:[0-9a-f]{64}", 500, "<registry>/<name>@sha256:<64 hexadecimal digits>: a tag alone can move"
)
Date = _text(r"\d{4}-\d\d-\d\d", 10, 'a day in quotes, such as "2026-12-31"')
RotatedSecret = _text(
    rf"database|tracking-admin|signing-key|store|authority|api-key:{_LABEL}",
    70,
    "database, tracking-admin, signing-key, store, authority or api-key:NAME",
)
ContentDigest = _text(r"sha256:[0-9a-f]{64}", 71, "sha256:<64 hexadecimal digits>; `python -m tools pin` writes it")
# A part of the metrics API's path, where prometheus-adapter would read `$` as a reference.
MetricName = _text(r"[A-Za-z0-9_]([-A-Za-z0-9_.:]*[A-Za-z0-9_])?", 253, "letters, digits, `-`, `_`, `.` and `:`")
SeriesName = _text(r"[a-zA-Z_:][a-zA-Z0-9_:]*", 200, "the name of a Prometheus series, without braces")
LabelName = _text(r"[a-zA-Z_][a-zA-Z0-9_]*", 200, "the name of a Prometheus label")
KubernetesVersion = _text(r"1\.\d+", 6, 'the minor version in quotes, such as "1.35"')
BucketPath = _text(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[^\s/]+)*/?", 500, "s3://<bucket>/<path>")
CronWithSeconds = _text(r"(\S+ ){5}\S+", 100, "six fields, seconds first, such as 0 0 2 * * *")
Retention = _text(r"[1-9]\d*[dwm]", 10, "a count of days, weeks or months, such as 30d, 4w or 6m")
Timestamp = _text(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)", 40, 'a moment such as "2026-01-31T12:00:00Z"'
)
OciFolder = _text(r"oci://[a-z0-9.-]+(:\d+)?(/[a-z0-9._-]+)*", 200, "oci://host[:port][/path]")
HttpUrl = _text(r"https?://[^\s]+", 500, "a URL that begins with http:// or https://")


@dataclass(frozen=True)
class RegisteredModel:
    """`models:/name/version` or `models:/name@alias`; exactly one of `version` and `alias` is set."""

    name: str
    version: int | None = None
    alias: str | None = None

    @property
    def wanted(self) -> str:
        """What `model/train.py --ensure` takes: `3` or `@champion`."""
        return f"@{self.alias}" if self.alias else str(self.version)


@dataclass(frozen=True)
class ModelFolder:
    """A folder that `mlflow.*.save_model` wrote, relative to the project."""

    path: Path


_REGISTERED = re.compile(r"^models:/(?P<name>[^/@:]+)(?:/(?P<version>[1-9]\d*)|@(?P<alias>[A-Za-z][-\w]*))$")


def parse_source(text: str) -> RegisteredModel | ModelFolder:
    """Read a model's source. Raises ValueError that says which forms there are."""
    match = _REGISTERED.match(text)
    if match:
        version = match["version"]
        return RegisteredModel(match["name"], int(version) if version else None, match["alias"])
    if text.startswith("models:") or "://" in text:
        raise ValueError(
            "write models:/<name>/<version>, models:/<name>@<alias>, or the path of an MLflow model folder"
        )
    return ModelFolder(Path(text))


def _is_source(text: str) -> str:
    parse_source(text)
    return text


Source = Annotated[str, AfterValidator(_is_source)]
