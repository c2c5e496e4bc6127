"""Every policy bites on what it is there for, and lets the right thing pass."""

import copy
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, get_args

import pytest

from components.settings.merge import merged
from components.settings.policies import PolicyName
from policy.pack import POLICIES, ResourcePolicy, StackPolicy, levels
from policy.resource import UNKNOWN, Resource, containers

DIGEST = f"registry.example.com/server@sha256:{'0' * 64}"

CONTAINER: dict[str, Any] = {
    "name": "server",
    "image": DIGEST,
    "env": [
        {"name": "POSTGRES_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "database", "key": "password"}}},
        {"name": "AWS_ROLE_ARN_SECRET_NAME", "value": "keys"},
    ],
    "resources": {"requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}},
    "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
}


def deployment(container: Mapping[str, Any] | None = None, pod: Mapping[str, Any] | None = None) -> Resource:
    """A Deployment that no policy has anything against, but for what is laid over its container and its pod."""
    spec = {
        "securityContext": {"runAsNonRoot": True},
        "containers": [merged(CONTAINER, container or {})],
        **(pod or {}),
    }
    inputs = {"metadata": {"name": "server"}, "spec": {"template": {"spec": spec}}}
    return Resource(type="kubernetes:apps/v1:Deployment", name="server", inputs=inputs)


def kubernetes(token: str, inputs: Mapping[str, Any], *, name: str = "it", protect: bool = False) -> Resource:
    return Resource(type=f"kubernetes:{token}", name=name, inputs=inputs, protect=protect)


def release(values: Mapping[str, Any], version: Any = "1.2.3") -> Resource:
    return kubernetes("helm.sh/v3:Release", {"chart": "istiod", "version": version, "values": values}, name="istiod")


def found(policy: str, *resources: Resource) -> list[str]:
    """What the policy says of the resources."""
    [each] = [each for each in POLICIES if each.name == policy]
    if isinstance(each, StackPolicy):
        return [message for _, message in each.check(resources)]
    return [message for resource in resources for message in each.check(resource)]


def binding(role: str) -> Resource:
    return kubernetes(
        "rbac.authorization.k8s.io/v1:ClusterRoleBinding", {"roleRef": {"kind": "ClusterRole", "name": role}}
    )


def claims(when_deleted: str) -> Resource:
    retention = {"whenDeleted": when_deleted}
    spec = {"volumeClaimTemplates": [{}], "persistentVolumeClaimRetentionPolicy": retention}
    return kubernetes("apps/v1:StatefulSet", {"spec": spec})


def inference_service(container: Mapping[str, Any]) -> Resource:
    spec = {"predictor": {"containers": [merged(CONTAINER, container)]}}
    return kubernetes("serving.kserve.io/v1beta1:InferenceService", {"metadata": {"name": "wine"}, "spec": spec})


ROOT_CHOWN = {"name": "volume-permissions", "image": DIGEST, "securityContext": {"runAsUser": 0, "runAsNonRoot": False}}

# Of no service: each only looks like one.
TOKENS = (
    "ghp_" + "a1B2" * 9,
    "github_pat_" + "a1B2" * 8,
    "glpat-" + "a1B2c" * 4,
    "hf_" + "a1B2" * 8,
    "sk-" + "a1B2" * 8,
    "sk-proj-" + "a1B2" * 8,
    "xoxb-" + "1234567890-" + "a1B2" * 6,
    "AIza" + "a1B2c" * 7,
    "npm_" + "a1B2" * 9,
    "sk_live_" + "a1B2" * 6,
    "SG." + "a1B2" * 5 + "ab." + "a1B2" * 10 + "abc",
)


FILES = "pulumi-python:dynamic/slipway:ModelFiles"


def files(**inputs: Any) -> Resource:
    return Resource(type=FILES, name="wine-files", inputs=inputs)


BITES = {
    "pinned-models": [(files(source="models:/wine/1"), "python -m tools pin STACK")],
    "no-latest": [
        (deployment({"image": "docker.io/library/postgres"}), "slipway:images"),
        (deployment({"image": "localhost:5001/model:latest"}), "another one tomorrow"),
        (inference_service({"image": "registry.example.com:5000/wine"}), "InferenceService it, container server"),
        (release({"image": {"repository": "quay.io/x", "tag": "latest"}}), "slipway:charts.istiod.values.image.tag"),
        (release({"queue-sidecar-image": "gcr.io/queue:latest"}), "slipway:charts.istiod.values.queue-sidecar-image"),
        (release({}, None), "the newest; write an exact one: slipway:charts.istiod.version"),
        (release({}, "~1.28"), "slipway:charts.istiod.version"),
        (kubernetes("postgresql.cnpg.io/v1:Cluster", {"spec": {"imageName": "postgresql"}}), "another one tomorrow"),
    ],
    "image-digests": [
        (deployment({"image": "postgres:17"}), "python -m tools images STACK --lock"),
        (deployment(pod={"initContainers": [{"name": "migrate", "image": "mlflow:3"}]}), "container migrate"),
    ],
    "requests-and-limits": [
        (deployment({"resources": {"limits": {"memory": None}}}), "container server: no limits.memory"),
        (deployment(pod={"initContainers": [{"name": "migrate"}]}), "no requests.cpu, no requests.memory"),
        (release({"pilot": {"resources": {"requests": {"cpu": "1"}}}}), "slipway:charts.istiod.values.pilot.resources"),
        (kubernetes("postgresql.cnpg.io/v1:Cluster", {"spec": {}}), "slipway:database.resources"),
    ],
    "no-privilege": [
        (deployment({"securityContext": {"privileged": True}}), "privileged"),
        (deployment({"securityContext": {"allowPrivilegeEscalation": None}}), "allowPrivilegeEscalation: false"),
        (deployment({"securityContext": {"capabilities": {"drop": []}}}), "capabilities.drop: [ALL]"),
        (deployment({"securityContext": {"capabilities": {"add": ["SYS_ADMIN"]}}}), "SYS_ADMIN"),
        (deployment({"ports": [{"hostPort": 80}]}), "use a Service"),
        (deployment(pod={"hostNetwork": True}), "hostNetwork"),
        (deployment(pod={"volumes": [{"name": "root", "hostPath": {"path": "/"}}]}), "the volume root"),
        (binding("cluster-admin"), "cluster-admin"),
        (
            kubernetes("rbac.authorization.k8s.io/v1:Role", {"rules": [{"verbs": ["*"], "resources": ["*"]}]}),
            "every verb on every resource",
        ),
    ],
    "no-root": [
        (deployment(pod={"securityContext": {}}), "runAsNonRoot: true"),
        (deployment({"securityContext": {"runAsUser": 0}}), "may run as root"),
        (deployment(pod={"initContainers": [ROOT_CHOWN]}), "volumePermissions: false"),
    ],
    "no-plain-secrets": [
        (deployment({"env": [{"name": "POSTGRES_PASSWORD", "value": "hunter2"}]}), "valueFrom.secretKeyRef"),
        (deployment({"args": ["--db", "postgresql://mlflow:hunter2@db/mlflow"]}), "a URL with a password"),
        (release({"auth": {"adminPassword": "hunter2"}}), "slipway:charts.istiod.values.auth.adminPassword"),
        (kubernetes("core/v1:ConfigMap", {"data": {"api_key": "hunter2"}}), "data.api_key"),
        (
            kubernetes("core/v1:ConfigMap", {"data": {"tls": "-----BEGIN RSA PRIVATE KEY-----\nhunter2"}}),
            "a private key",
        ),
        (kubernetes("core/v1:Namespace", {"metadata": {"annotations": {"k": "AKIA" + "A" * 16}}}), "an AWS access key"),
        (deployment({"args": ["--password", "hunter2"]}), "the argument --password holds a secret"),
        (deployment({"args": ["--api-key=hunter2"]}), "the argument --api-key holds a secret"),
        (
            deployment({"command": ["sh", "-c", "server --admin-password='hunter 2' --port 80"]}),
            "--admin-password",
        ),
        (deployment({"command": ["sh", "-c", "TOKEN=hunter2 server"]}), "the argument TOKEN holds"),
        (deployment({"env": [{"name": "DB_PASS", "value": "hunter2"}]}), "DB_PASS"),
        (release({"dbPass": "hunter2"}), "dbPass"),
        (deployment({"env": [{"name": "CACHE", "value": "redis://:hunter2@cache:6379"}]}), "a URL with a password"),
        (deployment({"args": ["https://:hunter2@git.test/x"]}), "a URL with a password"),
        (deployment({"args": [f"https://{'t' * 20}@git.test/x"]}), "a URL with a token"),
        *((kubernetes("core/v1:ConfigMap", {"data": {"x": f"a {token} b"}}), "a token") for token in TOKENS),
    ],
    "protected-data": [
        (kubernetes("core/v1:PersistentVolumeClaim", {}), "slipway:database.keep"),
        (kubernetes("postgresql.cnpg.io/v1:Cluster", {}), "slipway:database.keep"),
        (claims("Delete"), "slipway:objectStore.keep"),
    ],
}

PASSES = {
    "pinned-models": [files(source="models:/wine/1", pinned="sha256:0"), files(source="saved/model"), deployment()],
    "no-latest": [
        deployment(),
        deployment({"image": "localhost:5001/model:1"}),
        release({"tag": "1.28.10"}, "v1.2.3+k8s"),
    ],
    "image-digests": [deployment(), inference_service({"image": UNKNOWN})],
    "requests-and-limits": [
        deployment(),
        release({"resources": {}}),
        release({"resources": CONTAINER["resources"]}),
        kubernetes("core/v1:PersistentVolumeClaim", {"spec": {"resources": {"requests": {"storage": "1Gi"}}}}),
    ],
    "no-privilege": [
        deployment(),
        deployment({"securityContext": {"capabilities": {"add": ["CHOWN"]}}}),
        deployment(pod={"volumes": [{"name": "tmp", "emptyDir": {}}]}),
        binding("view"),
    ],
    "no-root": [deployment(), deployment({"securityContext": {"runAsUser": 1000}})],
    "no-plain-secrets": [
        deployment(),
        deployment({"env": [{"name": "TOKEN", "value": "$(OTHER)"}]}),
        deployment({"args": ["--db", "https://host:5000/path"]}),
        deployment({"args": ["--password-file", "/run/secret", "--password=$(PASSWORD)", "--token", "--verbose"]}),
        deployment({"args": ["postgresql://mlflow:$(PASSWORD)@db/mlflow", "oci://registry.test/a@sha256:" + "0" * 64]}),
        deployment({"env": [{"name": "COMPASS", "value": "north"}, {"name": "BYPASS", "value": "true"}]}),
        release({"bypass": "true", "compass": "north"}),
        release({"auth": {"existingSecret": "x", "passwordKey": "password", "secretName": "y"}}),
        kubernetes("core/v1:Secret", {"stringData": {"password": "hunter2"}}),
        kubernetes("security.istio.io/v1:RequestAuthentication", {"spec": {"jwks": "-----BEGIN PUBLIC KEY-----"}}),
    ],
    "protected-data": [
        kubernetes("core/v1:PersistentVolumeClaim", {}, protect=True),
        kubernetes("postgresql.cnpg.io/v1:Cluster", {}, protect=True),
        kubernetes("cluster.x-k8s.io/v1:Cluster", {}),
        claims("Retain"),
    ],
}


@pytest.mark.parametrize(
    ("policy", "resource", "said"),
    [(policy, resource, said) for policy, cases in BITES.items() for resource, said in cases],
    ids=[f"{policy}: {said}" for policy, cases in BITES.items() for _, said in cases],
)
def test_the_policy_bites_and_says_what_to_do(policy: str, resource: Resource, said: str) -> None:
    messages = found(policy, resource)
    assert len(messages) == 1, messages
    assert messages[0].startswith(resource.title)
    assert said in messages[0]
    assert "hunter2" not in messages[0]


@pytest.mark.parametrize(
    ("policy", "resource"), [(policy, resource) for policy, cases in PASSES.items() for resource in cases]
)
def test_the_policy_lets_the_right_thing_pass(policy: str, resource: Resource) -> None:
    assert not found(policy, resource)


def test_every_policy_is_seen_to_bite() -> None:
    named = {each.name for each in POLICIES}
    assert {each.name for each in POLICIES if isinstance(each, ResourcePolicy)} == set(BITES) == set(PASSES)
    assert named == set(get_args(PolicyName))


HOST = "wine-models.example.com"


def virtual_service(host: str = HOST, service: str = "wine-predictor") -> Resource:
    route = {"destination": {"host": f"{service}.models.svc.cluster.local"}}
    spec = {"hosts": [host], "gateways": ["istio-system/slipway"], "http": [{"route": [route]}]}
    return kubernetes("networking.istio.io/v1:VirtualService", {"spec": spec}, name="wine-route")


def guard(hosts: list[str], action: str = "DENY", source: str = "notRequestPrincipals") -> Resource:
    rule = {"from": [{"source": {source: ["*"]}}], "to": [{"operation": {"hosts": hosts}}]}
    return kubernetes("security.istio.io/v1:AuthorizationPolicy", {"spec": {"action": action, "rules": [rule]}})


def guard_of_the_rest(hosts: list[str]) -> Resource:
    rule = {"from": [{"source": {"notRequestPrincipals": ["*"]}}], "to": [{"operation": {"notHosts": hosts}}]}
    return kubernetes("security.istio.io/v1:AuthorizationPolicy", {"spec": {"action": "DENY", "rules": [rule]}})


def sidecars_guard(namespace: str) -> Resource:
    rule = {"from": [{"source": {"requestPrincipals": ["*"]}}]}
    inputs = {"metadata": {"namespace": namespace}, "spec": {"action": "ALLOW", "rules": [rule]}}
    return kubernetes("security.istio.io/v1:AuthorizationPolicy", inputs)


def in_namespace(namespace: str, resource: Resource) -> Resource:
    return replace(resource, inputs={**resource.inputs, "metadata": {"namespace": namespace}})


def ingress(service: str = "mlflow") -> Resource:
    path = {"path": "/", "backend": {"service": {"name": service, "port": {"number": 5000}}}}
    rule = {"host": "mlflow.example.com", "http": {"paths": [path]}}
    return kubernetes("networking.k8s.io/v1:Ingress", {"spec": {"rules": [rule]}}, name="mlflow")


def mlflow(*command: str) -> Resource:
    server = copy.deepcopy(dict(deployment({"command": ["mlflow", "server", *command]}).inputs))
    server["metadata"] = {"name": "mlflow"}
    return kubernetes("apps/v1:Deployment", server, name="mlflow")


OPEN = [
    ([virtual_service()], f"https://{HOST} answers anybody; write slipway:ingress.auth"),
    ([virtual_service(), guard(["other.example.com"])], "slipway:ingress.auth"),
    ([virtual_service(), guard([HOST], "DENY", "ipBlocks")], "slipway:ingress.auth"),
    ([virtual_service(), guard_of_the_rest(["mlflow.example.com", HOST])], "slipway:ingress.auth"),
    ([in_namespace("models", virtual_service()), sidecars_guard("other")], "slipway:ingress.auth"),
    ([ingress(), mlflow()], "https://mlflow.example.com answers anybody; write slipway:tracking.auth: true"),
    ([inference_service({})], "slipway:ingress.auth"),
    ([kubernetes("core/v1:Service", {"spec": {"type": "LoadBalancer"}})], "past the gateway"),
]
GUARDED = [
    [virtual_service(), guard([HOST, f"{HOST}:*"])],
    [virtual_service(), guard(["*.example.com"])],
    [virtual_service(), guard_of_the_rest(["mlflow.example.com"])],
    [in_namespace("models", virtual_service()), sidecars_guard("models")],
    [virtual_service(), guard([HOST], "ALLOW", "requestPrincipals")],
    [virtual_service(), kubernetes("security.istio.io/v1:AuthorizationPolicy", {"spec": UNKNOWN})],
    [ingress(), mlflow("--app-name", "basic-auth")],
    [ingress(), mlflow("--app-name=basic-auth")],
    [inference_service({}), virtual_service(), guard([HOST])],
    [inference_service({}), guard([HOST])],
    [inference_service({}), release({"kserve": {"disableIngressCreation": True}})],
    [kubernetes("core/v1:Service", {"spec": {"ports": []}})],
    [kubernetes("networking.istio.io/v1:VirtualService", {"spec": {"hosts": ["a"], "http": [{"redirect": {}}]}})],
]


@pytest.mark.parametrize(("resources", "said"), OPEN)
def test_an_endpoint_that_answers_anybody_is_found(resources: list[Resource], said: str) -> None:
    [message] = found("authenticated-endpoints", *resources)
    assert said in message


@pytest.mark.parametrize("resources", GUARDED)
def test_an_endpoint_that_asks_who_is_there_passes(resources: list[Resource]) -> None:
    assert not found("authenticated-endpoints", *resources)


def test_a_policy_is_stricter_in_production_and_a_stack_may_choose() -> None:
    assert levels(False, {})["protected-data"] == "off"
    assert levels(True, {})["protected-data"] == "mandatory"
    assert levels(True, {"protected-data": "advisory"})["protected-data"] == "advisory"
    # A version that the stack trains itself is known after its first `up`.
    advisory = {name for name, level in levels(True, {}).items() if level != "mandatory"}
    assert advisory == {"pinned-models"}


def test_the_containers_of_every_kind_of_workload_are_seen() -> None:
    job = {"spec": {"template": {"spec": {"containers": [CONTAINER]}}}}
    kinds: dict[str, dict[str, Any]] = {
        "core/v1:Pod": {"spec": {"containers": [CONTAINER]}},
        "batch/v1:Job": job,
        "batch/v1:CronJob": {"spec": {"jobTemplate": job}},
        "serving.knative.dev/v1:Service": job,
        "serving.kserve.io/v1beta1:InferenceService": {"spec": {"predictor": {"containers": [CONTAINER]}}},
    }
    for token, inputs in kinds.items():
        assert len(list(containers(kubernetes(token, inputs)))) == 1, token


def test_a_service_of_which_nothing_is_known_yet_is_not_judged() -> None:
    kind = "serving.kserve.io/v1beta1:InferenceService"
    assert found("authenticated-endpoints", kubernetes(kind, {"metadata": {"name": "wine"}}))
    assert not found("authenticated-endpoints", kubernetes(kind, {}))
    assert not found("authenticated-endpoints", kubernetes(kind, {"metadata": UNKNOWN}))
