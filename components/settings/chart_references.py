"""What a stack may name of a chart: itself, its repository, its version."""

from components.settings.addresses import url_of_server
from components.settings.text import text

_PART = r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?"
# https://semver.org, as Helm takes it: a `v` in front is allowed, a range is a choice that moves.
ChartVersion = text(
    r"v?(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?",
    100,
    'one version in quotes, such as "1.28.10"',
)
ChartName = text(
    rf"{_PART}|oci://[^\s:@/]+(:[0-9]{{1,5}})?(/[a-z0-9._-]+)+|(/|\.{{1,2}}/|~/)?[^\s:@]*/[^\s:@]*",
    500,
    "a chart's name in its repository, oci://<registry>/<path> without a version, or the path of a folder",
)
ChartRepository = text(
    r"https?://[^\s\\<>\"{}|^`]+",
    500,
    "the repository's URL, such as https://charts.jetstack.io",
    url_of_server,
    shown=False,
)
