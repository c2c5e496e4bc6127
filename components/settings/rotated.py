"""The secrets that a stack makes by chance, and can make anew."""

from components.settings.ingress import OWN
from components.settings.stack import Settings


def secrets(settings: Settings) -> dict[str, str]:
    """Every secret that the stack made, and what happens to who uses it."""
    found: dict[str, str] = {}
    if not settings.database.url:
        found["database"] = "MLflow's servers take the new password one after another"
    if settings.object_store.engine != "s3":
        found["store"] = "the object store starts anew, then MLflow's servers; clients of MLflow try again meanwhile"
    if settings.tracking.auth:
        found["tracking-admin"] = "the administrator logs in with the new password"
        found["signing-key"] = "people log in to MLflow's pages again"
    if settings.platform.dashboards == "install":
        found["grafana"] = "the administrator logs in to Grafana with the new password"
    if settings.ingress.auth:
        for name in [*(each.name for each in settings.ingress.auth.api_keys), OWN]:
            found[f"api-key:{name}"] = "the key before is taken until the next time, so that its client can be told"
    if settings.ingress.tls and settings.ingress.tls.issuer.self_signed:
        found["authority"] = "clients must trust the new authority: the output certificateAuthority"
    return found
