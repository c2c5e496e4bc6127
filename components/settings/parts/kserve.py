"""KServe, which runs the models."""

from components.settings.parts.part import Controller, Deployment, Finalizer, OptionalChart, Part, PartNamespace

NAMESPACE = PartNamespace(name="kserve", open_ports=(9443,))
MANAGER = "kserve-controller-manager"
_MANAGER = Deployment(title="KServe", name=MANAGER)
_CONTROLLERS = (Controller(namespace=NAMESPACE.name, name=MANAGER),)

PART = Part(
    setting="serving",
    title="KServe",
    charts=("kserve-crd", "kserve-resources"),
    optional_charts={
        "kserve-runtime-configs": OptionalChart(
            setting="platform.servingRuntimes", asked=lambda settings: settings.platform.serving_runtimes
        )
    },
    namespaces=(NAMESPACE,),
    finalizers=(
        # kserve/kserve: pkg/controller/v1beta1/inferenceservice/controller.go, v1alpha1/trainedmodel/controller.go
        Finalizer(
            name="inferenceservice.finalizers",
            kinds=("inferenceservices.serving.kserve.io",),
            controllers=_CONTROLLERS,
        ),
        Finalizer(name="trainedmodel.finalizer", kinds=("trainedmodels.serving.kserve.io",), controllers=_CONTROLLERS),
    ),
    signs=(_MANAGER,),
    required=(_MANAGER,),
    kinds=(("inferenceservices.serving.kserve.io", "v1beta1"),),
    version_of="kserve-resources",
    # Below 0.17 the modes have other names.
    supported=("0.17", "0.21"),
    # kserve.github.io/website/docs/admin-guide/overview
    kubernetes={"0.20": ("1.32", None)},
)
