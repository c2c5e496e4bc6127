"""Who removes which finalizer, and whether it is there to do so."""

from dataclasses import dataclass

from components.clients.cluster_api import DEPLOYMENT, Cluster, Object


@dataclass(frozen=True)
class Controller:
    """A Deployment; in another namespace than this one only where its name tells it apart."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"Deployment {self.namespace}/{self.name}"


_KSERVE = Controller("kserve", "kserve-controller-manager")
_OPERATOR = Controller("knative-operator", "knative-operator")
_KNATIVE = (Controller("knative-serving", "controller"), Controller("knative-serving", "webhook"))
_NET_ISTIO = (Controller("knative-serving", "net-istio-controller"), Controller("knative-serving", "webhook"))
_CERT_MANAGER = Controller("cert-manager", "cert-manager")

# A finalizer to the controllers without which it stays: who removes it, and whose webhook must let the removal pass.
FINALIZERS: dict[str, tuple[Controller, ...]] = {
    # kserve/kserve: pkg/controller/v1beta1/inferenceservice/controller.go, v1alpha1/trainedmodel/controller.go
    "inferenceservice.finalizers": (_KSERVE,),
    "trainedmodel.finalizer": (_KSERVE,),
    # knative/operator and knative/serving: their generated reconcilers, <plural>.<group>
    "knativeservings.operator.knative.dev": (_OPERATOR,),
    "routes.serving.knative.dev": _KNATIVE,
    "domainmappings.serving.knative.dev": _KNATIVE,
    "ingresses.networking.internal.knative.dev": _NET_ISTIO,
    # cert-manager/cert-manager: internal/apis/acme/v1/types.go
    "finalizer.acme.cert-manager.io": (_CERT_MANAGER,),
    "acme.cert-manager.io/finalizer": (_CERT_MANAGER,),
}

# The kinds that carry them, by CRD name.
FINALIZED = (
    "inferenceservices.serving.kserve.io",
    "trainedmodels.serving.kserve.io",
    "knativeservings.operator.knative.dev",
    "routes.serving.knative.dev",
    "domainmappings.serving.knative.dev",
    "ingresses.networking.internal.knative.dev",
    "challenges.acme.cert-manager.io",
)


def absences(cluster: Cluster) -> dict[Controller, str]:
    """The controllers that cannot work now, and why. Raises ClusterError."""
    deployments = cluster.list(DEPLOYMENT)
    wanted = {controller for controllers in FINALIZERS.values() for controller in controllers}
    return {each: reason for each in wanted if (reason := _absence(each, deployments))}


def _absence(controller: Controller, deployments: list[Object]) -> str | None:
    found = [each for each in deployments if each["metadata"]["name"] == controller.name]
    at_home = [each for each in found if each["metadata"]["namespace"] == controller.namespace]
    distinct = controller.name not in ("controller", "webhook")
    for each in at_home or (found if distinct else []):
        if each.get("status", {}).get("availableReplicas"):
            return None
        return "has 0 replicas" if each["spec"].get("replicas") == 0 else "has no pod that is ready"
    return "is not there"
