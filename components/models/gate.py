"""What `up` ends with: models, asked through the ingress."""

from collections.abc import Mapping
from dataclasses import dataclass

from pulumi import Resource, ResourceOptions

from components.context import Context
from components.dynamic.predictions import Predictions, PredictionsArgs, Question
from components.ingress.gateway import Gateway
from components.serving.protocol import INFER_PATH


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A question, and what is there before it can be answered."""

    question: Question
    after: tuple[Resource, ...]


def gate(
    name: str, asked: Mapping[str, Asked], context: Context, gateway: Gateway, opts: ResourceOptions
) -> Predictions:
    """Declare that these models, by their names, have answered right."""
    cluster = context.cluster
    args = PredictionsArgs(
        questions={model: each.question for model, each in asked.items()},
        path=INFER_PATH,
        cluster=cluster.identity,
        address=context.ingress_address,
        kubeconfig_path=cluster.connection.kubeconfig_path,
        tls=bool(context.settings.ingress.tls),
        ca=gateway.ca or "",
        ca_file=str(context.folder / "ca.crt"),
        key=gateway.own_key,
    )
    before = [resource for each in asked.values() for resource in each.after]
    return Predictions(name, args, ResourceOptions.merge(opts, ResourceOptions(depends_on=before)))
