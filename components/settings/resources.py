"""What a container asks for."""

from components.settings.quantity import Cpu, Memory
from components.settings.section import Section

# What KServe's webhook writes where a model says nothing (kserve/kserve: config/configmap/inferenceservice.yaml).
KSERVE_DEFAULTS = {"cpu": "1", "memory": "2Gi"}


class Requests(Section):
    cpu: Cpu | None = None
    memory: Memory | None = None


class Resources(Section):
    """A container's requests and limits, as Kubernetes quantities."""

    requests: Requests = Requests()
    limits: Requests = Requests()

    def manifest(self) -> dict[str, dict[str, str]]:
        return self.model_dump(exclude_none=True)
