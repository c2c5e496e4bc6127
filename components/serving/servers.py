"""The V2 servers that a model may run behind, and which one a model gets."""

from dataclasses import dataclass

from components.serving.problem import ServingError


@dataclass(frozen=True, kw_only=True)
class Server:
    """`name` is the setting's, and of its files in model/; `first` and `last` are the Pythons that it runs on."""

    name: str
    title: str
    first: str
    last: str

    def runs_on(self, python: str) -> bool:
        return _number(self.first) <= _number(python) <= _number(self.last)


# In the order in which they are preferred. MLServer has no later release, and none will come: its upstream is gone.
SERVERS = {
    server.name: server
    for server in (
        Server(name="mlserver", title="MLServer", first="3.9", last="3.12"),
        Server(name="kserve", title="KServe's Python server", first="3.10", last="3.13"),
    )
}
# Where a model does not say which Python it was trained with.
DEFAULT_PYTHON = "3.11"


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The server and the Python of a model's image, and why, where it is not the usual one."""

    server: Server
    python: str
    reason: str | None = None


def choose(trained: str | None, python: str | None = None, server: str | None = None) -> Choice:
    """What serves a model trained with a Python, given the settings `python` and `server`. Raises ServingError."""
    wanted = python or trained or DEFAULT_PYTHON
    if server:
        chosen = SERVERS[server]
        if not chosen.runs_on(wanted):
            raise ServingError(
                f"the model wants Python {wanted}, and {chosen.title} runs on {chosen.first} to {chosen.last}: "
                "leave `server` out, or write another `python`"
            )
        return Choice(server=chosen, python=wanted)
    fitting = [each for each in SERVERS.values() if each.runs_on(wanted)]
    if not fitting:
        first = min((each.first for each in SERVERS.values()), key=_number)
        last = max((each.last for each in SERVERS.values()), key=_number)
        raise ServingError(
            f"the model was trained with Python {wanted}, and no server runs on it: log it again under Python {first} "
            f'to {last}, or write `python: "{last}"` in its settings if it loads there'
        )
    usual = next(iter(SERVERS.values()))
    reason = None if fitting[0] is usual else f"Python {wanted} is later than {usual.title}'s last, {usual.last}"
    return Choice(server=fitting[0], python=wanted, reason=reason)


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
