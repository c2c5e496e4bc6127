"""What runs is what was reviewed, whoever may write MLflow's registry."""

from collections.abc import Iterator

from policy.resource import Resource


def pinned_models(resource: Resource) -> Iterator[str]:
    """Every registered model by the digest of its files."""
    source = resource.get("source")
    if not resource.type.endswith(":ModelFiles") or not isinstance(source, str) or not source.startswith("models:/"):
        return
    if not resource.get("pinned"):
        yield (
            f"{resource.title}: {source} is whatever MLflow has there when it is built; `python -m tools pin STACK` "
            "writes the `digest` of what is served now into slipway:models[]"
        )
