"""Names of metrics, series and labels, as Prometheus and the metrics APIs take them."""

from components.settings.text import text

# A part of the metrics API's path, where prometheus-adapter would read `$` as a reference.
_SAFE = r"[A-Za-z0-9_|:@.-]"
MetricName = text(rf"(?!\.{{1,2}}$){_SAFE}+", 253, "letters, digits, `-`, `_`, `.`, `:`, `|` and `@`")
SeriesName = text(r"[a-zA-Z_:][a-zA-Z0-9_:]*", 200, "the name of a Prometheus series, without braces")
SeriesLabel = text(r"[a-zA-Z_][a-zA-Z0-9_]*", 200, "the name of a Prometheus label")
