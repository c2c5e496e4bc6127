"""The stack's namespaces, and what belongs to each: Pod Security, NetworkPolicies, ServiceAccounts, a quota."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi_kubernetes as k8s
from pulumi import Output, ResourceOptions

from components import settings as s
from components.kubernetes import network_policies, pull_secret
from components.kubernetes.charts import namespace
from components.kubernetes.hardening import Hardening
from components.settings.parts.part import PartNamespace

# The models' own ServiceAccount: no rights, and no token in the pods.
MODEL_ACCOUNT = "model"
# The same for the database, the object store and the training; MLflow's own may carry a cloud identity.
DATA_ACCOUNT = "data"


@dataclass(frozen=True, kw_only=True)
class NamespaceArgs:
    """`policies` and `accounts` by their names in the cluster; `quota` is a ResourceQuota's `hard`."""

    name: str
    labels: Mapping[str, str] = field(default_factory=dict)
    policies: Mapping[str, network_policies.Spec] = field(default_factory=dict)
    accounts: tuple[str, ...] = ()
    quota: Mapping[str, str] = field(default_factory=dict)
    # A private registry that its pods' images come from.
    registry: s.Registry | None = None


def pod_security(settings: s.Settings) -> dict[str, str]:
    """The labels of the level that the stack asks for (https://kubernetes.io/docs/concepts/security/pod-security-admission/).

    Pinned to the cluster's minor where the stack says it, so that an upgrade of the cluster does not change the rules.
    """
    level = settings.security.pod_security
    if not level:
        return {}
    version = f"v{settings.cluster.kubernetes}" if settings.cluster.kubernetes else "latest"
    return {
        f"pod-security.kubernetes.io/{mode}{suffix}": value
        for mode in ("enforce", "warn", "audit")
        for suffix, value in (("", level), ("-version", version))
    }


def of_models(
    settings: s.Settings,
    name: str,
    *,
    quota: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None,
) -> NamespaceArgs:
    """A namespace of models: the stack's own, or a team's."""
    return NamespaceArgs(
        name=name,
        labels={**pod_security(settings), **(labels or {})},
        policies=network_policies.for_models(settings) if settings.security.network_policies else {},
        accounts=(MODEL_ACCOUNT,),
        quota=quota or {},
        registry=pull_secret.of_models(settings),
    )


def of_data(settings: s.Settings) -> NamespaceArgs:
    """The namespace of the database, the object store, MLflow and the training."""
    return NamespaceArgs(
        name=settings.namespaces.data,
        labels=pod_security(settings),
        policies=network_policies.for_data(settings) if settings.security.network_policies else {},
        accounts=(DATA_ACCOUNT,),
        registry=pull_secret.of_images(settings),
    )


def of_platform(settings: s.Settings) -> Hardening:
    """What the platform's own namespaces and workloads get."""
    return Hardening(
        replicas=settings.platform.replicas,
        labels=pod_security(settings),
        network_policies=settings.security.network_policies,
        scrapers=network_policies.prometheus(settings),
        gateway=[network_policies.gateway(settings)],
    )


def of_part(namespace: PartNamespace, hardening: Hardening) -> NamespaceArgs:
    """A namespace of the platform; where its workloads are not fit for "restricted", that is warned of alone."""
    key, level = "pod-security.kubernetes.io/enforce", namespace.pod_security
    weaker = {key: level} if level and hardening.labels.get(key) == "restricted" else {}
    policies = {"default": network_policies.for_part(hardening, namespace)} if hardening.network_policies else {}
    return NamespaceArgs(name=namespace.name, labels={**hardening.labels, **weaker}, policies=policies)


def declare(args: NamespaceArgs, opts: ResourceOptions) -> Output[str]:
    """Declare a namespace with all that belongs to it, and return its name: what is put there waits for all of it."""
    name = namespace(args.name, opts, args.labels)
    secret = pull_secret.declare(args.name, args.registry, name, opts) if args.registry else None
    declared = [
        *([secret] if secret else []),
        *(
            k8s.networking.v1.NetworkPolicy(
                f"{args.name}-{policy}", metadata={"name": policy, "namespace": name}, spec=spec, opts=opts
            ).metadata["name"]
            for policy, spec in args.policies.items()
        ),
        *(
            k8s.core.v1.ServiceAccount(
                f"{args.name}-{account}",
                metadata={"name": account, "namespace": name},
                automount_service_account_token=False,
                image_pull_secrets=[{"name": secret}] if secret else None,
                opts=opts,
            ).metadata["name"]
            for account in args.accounts
        ),
    ]
    if args.quota:
        quota = k8s.core.v1.ResourceQuota(
            f"{args.name}-quota",
            metadata={"name": "quota", "namespace": name},
            spec={"hard": dict(args.quota)},
            opts=opts,
        )
        declared.append(quota.metadata["name"])
    return Output.all(name, *declared).apply(lambda names: str(names[0]))
