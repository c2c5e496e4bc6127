"""Where things are: the namespaces, and what each team may use."""

from pydantic import Field

from components.settings.kubernetes_names import Group, OwnNamespace, QuotaKey
from components.settings.quantity import Amount
from components.settings.section import Section


class Namespaces(Section):
    data: OwnNamespace = Field("mlops", description="Database, object store and MLflow.")
    models: OwnNamespace = Field("models", description="The served models.")

    @property
    def mark(self) -> str:
        """The name, or its beginning, of what the stack has in a place that others share: no two have one namespace for
        their models."""
        return f"slipway-{self.models}"


class Team(Section):
    """A namespace of its own for the models of a team, with a quota."""

    name: OwnNamespace
    group: Group | None = Field(
        None, description="A group of the cluster's identity provider that may see its models, pods, logs and events."
    )
    quota: dict[QuotaKey, Amount] = Field(
        default_factory=dict, description="A ResourceQuota's `hard`, such as requests.cpu, limits.memory or pods."
    )
