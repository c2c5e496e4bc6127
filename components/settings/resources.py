"""What a container asks for."""

from components.settings.quantity import Cpu, Memory
from components.settings.section import Section


class Requests(Section):
    cpu: Cpu | None = None
    memory: Memory | None = None


class Resources(Section):
    """A container's requests and limits, as Kubernetes quantities."""

    requests: Requests = Requests()
    limits: Requests = Requests()

    def manifest(self) -> dict[str, dict[str, str]]:
        return self.model_dump(exclude_none=True)
