"""cert-manager, which signs the certificates of webhooks and of the ingress."""

from components.settings.parts.part import Controller, Deployment, Finalizer, Part, PartNamespace

NAMESPACE = PartNamespace(name="cert-manager", open_ports=(10250,))
_NAME = "app.kubernetes.io/name"
_CONTROLLER = Deployment(title="cert-manager", labels={_NAME: "cert-manager"})
_FINALIZERS = (Controller(namespace=NAMESPACE.name, name="cert-manager"),)
_CHALLENGES = ("challenges.acme.cert-manager.io",)

PART = Part(
    setting="certificates",
    title="cert-manager",
    charts=("cert-manager",),
    namespaces=(NAMESPACE,),
    signs=(_CONTROLLER,),
    required=(_CONTROLLER, Deployment(title="webhook of cert-manager", labels={_NAME: "webhook"})),
    kinds=(("certificates.cert-manager.io", "v1"), ("issuers.cert-manager.io", "v1")),
    version_of="cert-manager",
    # cert-manager.io/docs/releases
    kubernetes={"1.20": ("1.32", "1.35"), "1.21": ("1.33", "1.36")},
    finalizers=(
        # cert-manager/cert-manager: internal/apis/acme/v1/types.go
        Finalizer(name="finalizer.acme.cert-manager.io", kinds=_CHALLENGES, controllers=_FINALIZERS),
        Finalizer(name="acme.cert-manager.io/finalizer", kinds=_CHALLENGES, controllers=_FINALIZERS),
    ),
)
