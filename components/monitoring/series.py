"""The series that alerts and dashboards read, as PromQL selects them."""

from components import settings as s
from components.settings.models import CANARY_SUFFIX

# Counted by the gateway, for its clients: an answer that no pod gave (503) is among them.
REQUESTS = "istio_requests_total"
DURATION = "istio_request_duration_milliseconds"
# The kubelet has series of a whole pod besides, which name no container: a sum would count everything twice.
CONTAINERS = 'container!=""'
ERRORS, REFUSALS = 'response_code=~"5.."', 'response_code=~"4.."'
# KServe's Service of a model, and in Knative mode those of its revisions.
_PREDICTOR = "-predictor(-[0-9]+(-private)?)?"


def namespaces(settings: s.Settings) -> str:
    """A regular expression of the namespaces that models are in."""
    return "|".join(sorted({settings.namespace_of(model) for model in settings.models}))


def services(model: str) -> str:
    """A regular expression of the Services of a model and its canary."""
    return f"{model}({CANARY_SUFFIX})?{_PREDICTOR}"


def at_gateway(model: str, namespace: str) -> str:
    """The matchers of the requests to a model, its canary's among them; `namespace` is a regular expression."""
    return (
        f'reporter="source",destination_service_namespace=~"{namespace}",destination_service_name=~"{services(model)}"'
    )


def rate(series: str, matchers: str, window: str) -> str:
    return f"sum(rate({series}{{{matchers}}}[{window}]))"


def error_ratio(matchers: str, window: str, errors: str = ERRORS) -> str:
    """The share of the requests that ended with an error of the server, or with others."""
    return f"{rate(REQUESTS, f'{matchers},{errors}', window)} / {rate(REQUESTS, matchers, window)}"


def slow_ratio(matchers: str, milliseconds: int, window: str) -> str:
    """The share of the requests that took longer."""
    # Prometheus 3 writes 250 as 250.0.
    within = rate(f"{DURATION}_bucket", f'{matchers},le=~"{milliseconds}|{milliseconds}[.]0"', window)
    return f"1 - {within} / {rate(f'{DURATION}_count', matchers, window)}"


def quantile(share: float, matchers: str, window: str = "5m") -> str:
    """A percentile of the gateway's times, in milliseconds."""
    return f"histogram_quantile({share}, sum by (le) (rate({DURATION}_bucket{{{matchers}}}[{window}])))"
