"""Istio: the mesh with its ingress gateway, and the CNI plugin by which sidecars need no privileged container."""

from components.settings.ingress import Gateway
from components.settings.parts.part import Deployment, Part, PartNamespace

# Proxies and sidecars call istiod here.
ISTIOD_PORT = 15012
# Knative's Gateways select `istio: ingressgateway`, which the chart derives from exactly this release name.
GATEWAY = "istio-ingressgateway"
# Where Knative's cluster-local routes are at the gateway.
LOCAL_PORT = 8081
# istiod's: proxies and the API server call it.
NAMESPACE = PartNamespace(name="istio-system", open_ports=(ISTIOD_PORT, 15017))
# Apart from istiod's: a gateway may read every Secret beside it, and the mesh's own authority is one of istiod's.
GATEWAY_NAMESPACE = PartNamespace(
    name=Gateway().namespace,
    # For the world and a load balancer.
    open_ports=(80, 443, 15021),
    gateway_ports=(LOCAL_PORT,),
)
# The plugin writes to the nodes.
CNI_NAMESPACE = PartNamespace(name="istio-cni", pod_security="privileged")
_ISTIOD = Deployment(title="istiod", labels={"app": "istiod"})

PART = Part(
    setting="mesh",
    title="Istio",
    charts=("istio-base", "istiod", "istio-gateway"),
    namespaces=(NAMESPACE, GATEWAY_NAMESPACE),
    # The base chart keeps them.
    crd_groups=("extensions.istio.io", "networking.istio.io", "security.istio.io", "telemetry.istio.io"),
    # istiod's certificate authority.
    config_maps="istio.io/config=true",
    signs=(_ISTIOD,),
    required=(_ISTIOD,),
    kinds=(("virtualservices.networking.istio.io", "v1"), ("gateways.networking.istio.io", "v1")),
    version_of="istiod",
    # What net-istio 1.21 to 1.23 are built against (knative-extensions/net-istio: third_party/istio-*), and KServe
    # 0.20 is tested with (kserve/kserve: kserve-deps.env).
    supported=("1.27", "1.30"),
    # istio.io/latest/docs/releases/supported-releases
    kubernetes={
        "1.27": ("1.29", "1.33"),
        "1.28": ("1.30", "1.34"),
        "1.29": ("1.31", "1.35"),
        "1.30": ("1.32", "1.36"),
    },
)
CNI = Part(
    setting="mesh_cni",
    title="Istio's CNI plugin",
    charts=("istio-cni",),
    namespaces=(CNI_NAMESPACE,),
)
