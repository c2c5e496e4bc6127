"""A metric's PromQL, as prometheus-adapter's templates take it.

`<<.LabelMatchers>>` becomes the matchers of the namespace, the objects and the selector, `<<.GroupBy>>` the label that
tells the objects apart (https://github.com/kubernetes-sigs/prometheus-adapter/blob/master/docs/config.md).
"""

import re

import promql_parser

from components.settings.scaling import ExternalMetric, QueriedMetric

_NAME = r"([a-zA-Z_:][a-zA-Z0-9_:]*)\s*"
_MATCHED = re.compile(_NAME + r"\{[^{}]*<<\s*\.LabelMatchers\s*>>[^{}]*\}")
_SELECTED = re.compile(_NAME + r"\{")
_TEMPLATE = re.compile(r"<<([^<>]*)>>")
_KNOWN = ("Series", "LabelMatchers", "LabelValuesByName", "GroupBy", "GroupBySlice")


def series(metric: QueriedMetric) -> str | None:
    """The series that the metric stands on: as given, or the first that the query selects from."""
    if metric.series:
        return str(metric.series)
    found = _MATCHED.search(metric.query or "") or _SELECTED.search(metric.query or "")
    return str(found[1]) if found else None


def fault(metric: QueriedMetric) -> str | None:
    """What is wrong with the query, and what to write; None when nothing is."""
    query = metric.query or ""
    if query.count("<<") != query.count(">>"):
        return "a << without its >>, or the other way round; write <<.LabelMatchers>> and <<.GroupBy>>"
    for used in re.findall(r"<<\s*\.(\w*)", query):
        if used not in _KNOWN:
            return f"<<.{used}>> is nothing that prometheus-adapter fills in; it has {', '.join(_KNOWN)}"
    if not isinstance(metric, ExternalMetric):
        for name, reason in (
            ("LabelMatchers", "it would count what is not this object's; write it into the braces of each series"),
            ("GroupBy", "the objects' values could not be told apart; aggregate with `by (<<.GroupBy>>)`"),
        ):
            if not re.search(rf"<<[^<>]*\.({name}|{name}Slice|LabelValuesByName)\b", query):
                return f"without <<.{name}>> {reason}"
    if "<<.Series>>" in query.replace(" ", "") and not metric.series:
        return "<<.Series>> needs a name; write `series`"
    if unread := _parse_problem(query):
        return unread
    if series(metric) is None:
        return "no series in it with braces after its name; write name{<<.LabelMatchers>>}, or its name in `series`"
    return None


def filled(metric: QueriedMetric, matchers: str, group: str) -> str:
    """The query with these matchers and this label in place of what prometheus-adapter fills in."""
    values = {"LabelMatchers": matchers, "GroupBy": group, "GroupBySlice": group, "Series": metric.series or ""}
    return _TEMPLATE.sub(lambda found: values[found[1].strip().removeprefix(".")], metric.query or "")


def template_fault(metric: QueriedMetric) -> str | None:
    """What in the query only prometheus-adapter could fill in, and what to write; None when there is nothing."""
    for found in _TEMPLATE.findall(metric.query or ""):
        if found.strip() not in (".LabelMatchers", ".GroupBy", ".GroupBySlice", ".Series"):
            return (
                f"<<{found}>> is a template of prometheus-adapter's, and platform.metricsAdapter is keda; write "
                "<<.LabelMatchers>> and <<.GroupBy>> alone, or platform.metricsAdapter: install"
            )
    return None


# What stands in place of each thing that the adapter fills in, so that the rest can be read.
_FILLED = {
    "Series": "series",
    "LabelMatchers": 'namespace="n"',
    "GroupBy": "namespace",
    "GroupBySlice": "namespace",
    "LabelValuesByName": "n",
}


def _parse_problem(query: str) -> str | None:
    """Why Prometheus could not read the query once the adapter has filled it in, or None."""
    try:
        promql_parser.parse(_TEMPLATE.sub(_filled, query))
    except ValueError as error:
        return f"Prometheus could not read it ({' '.join(str(error).split())[:120]}); write it as it works there"
    except RecursionError:
        return "nested too deep for Prometheus; write it flatter"
    return None


def _filled(template: re.Match[str]) -> str:
    name = re.search(r"\.(\w+)", template[1])
    return _FILLED.get(name[1] if name else "", "x")
