"""Knative Serving, which its operator installs."""

from components.settings.parts.part import Controller, Deployment, Finalizer, Part, PartNamespace

# Requests to the activator and to queue-proxy: HTTP/1, HTTP/2, TLS
# (https://github.com/knative/serving/blob/main/pkg/networking/constants.go).
REQUEST_PORTS = (8012, 8013, 8112)
# Its own way to its revisions: a Service of the gateway's pods.
LOCAL_GATEWAY = "knative-local-gateway"
_WEBHOOK = 8443
# The operator's chart has no way to set a seccomp profile.
OPERATOR_NAMESPACE = PartNamespace(name="knative-operator", open_ports=(_WEBHOOK,), pod_security="baseline")
# The activator answers the gateway; the webhooks the API server.
NAMESPACE = PartNamespace(name="knative-serving", open_ports=(_WEBHOOK,), gateway_ports=REQUEST_PORTS)

_CONTROLLER = Deployment(title="Knative Serving", name="controller", namespace=NAMESPACE.name)


def _serving(name: str, *, telling: bool = False) -> Controller:
    return Controller(namespace=NAMESPACE.name, name=name, telling=telling)


_OPERATOR = Controller(namespace=OPERATOR_NAMESPACE.name, name="knative-operator")
_SERVING = (_serving("controller"), _serving("webhook"))
_NET_ISTIO = (_serving("net-istio-controller", telling=True), _serving("webhook"))
# knative/operator and knative/serving: their generated reconcilers name a finalizer as its kind, <plural>.<group>.
_FINALIZERS = {
    "knativeservings.operator.knative.dev": (_OPERATOR,),
    "routes.serving.knative.dev": _SERVING,
    "domainmappings.serving.knative.dev": _SERVING,
    "ingresses.networking.internal.knative.dev": _NET_ISTIO,
}

PART = Part(
    setting="serverless",
    title="Knative Serving",
    charts=("knative-operator",),
    namespaces=(OPERATOR_NAMESPACE, NAMESPACE),
    # The operator leaves them behind.
    crd_groups=(
        "serving.knative.dev",
        "autoscaling.internal.knative.dev",
        "caching.internal.knative.dev",
        "networking.internal.knative.dev",
    ),
    operated={"app.kubernetes.io/name": "knative-serving"},
    finalizers=tuple(
        Finalizer(name=kind, kinds=(kind,), controllers=controllers) for kind, controllers in _FINALIZERS.items()
    ),
    signs=(Deployment(title="the operator of Knative", name="knative-operator"), _CONTROLLER),
    required=(_CONTROLLER,),
    kinds=(("services.serving.knative.dev", "v1"),),
    version_of="knative-serving",
    # KServe's matrix and test versions.
    supported=("1.19", "1.23"),
    # knative.dev/pkg/version, which refuses to start.
    kubernetes={"1.21": ("1.33", None), "1.22": ("1.33", None), "1.23": ("1.33", None)},
)
