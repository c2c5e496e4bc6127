"""The registered names that a stack owns: marked with a secret of its state, which another state does not have."""

import hmac
from collections.abc import Sequence

from components.clients.tracking_server import TrackingServer
from components.data.tracking_auth import ADMIN
from components.dynamic.password import Password
from components.dynamic.registered_name import KEY, TAG, mark
from components.settings import Settings
from components.settings.model_source import RegisteredModel, parse_source
from tools.engine import state
from tools.lifecycle.verbs import Session


def owned(session: Session, settings: Settings) -> list[str]:
    """Those that the stack registered itself; [] where everybody may do everything."""
    if not (key := _key(session)):
        return []
    server, found = _server(session), []
    for name in sorted(_names(settings)):
        model = server.registered_model(name)
        said = {each["key"]: each["value"] for each in (model or {}).get("tags", ())}.get(TAG, "")
        if model and hmac.compare_digest(said, mark(key, model)):
            found.append(name)
    return found


def own(session: Session, names: Sequence[str]) -> None:
    """Mark what came from the stack's backup as this stack's."""
    if not names or not (key := _key(session)):
        return
    server = _server(session)
    server.wait_until_reachable()
    for name in names:
        if model := server.registered_model(name):
            server.tag(name, TAG, mark(key, model))


def _names(settings: Settings) -> set[str]:
    sources = (parse_source(version.source) for model in settings.models for version in model.versions)
    return {source.name for source in sources if isinstance(source, RegisteredModel)}


def _key(session: Session) -> str | None:
    held = state.exported(session.stack, session.env, "--show-secrets")["deployment"].get("resources") or []
    for each in held:
        if each["type"] == Password.token and each["urn"].endswith(f"::{KEY}"):
            return str(state.opened(each["outputs"]["value"]))
    return None


def _server(session: Session) -> TrackingServer:
    outputs = state.outputs(session.stack, session.env, "--show-secrets")
    return TrackingServer(
        uri=outputs["tracking"],
        username=ADMIN,
        password=outputs["trackingPassword"],
        trust=outputs.get("certificateAuthority", ""),
    )
