"""Where the program's files are on this machine, which Pulumi would write into the state with every resource."""

from collections.abc import Callable
from typing import Any

from pulumi.runtime import settings


def leave_out() -> None:
    """Have the engine told of no source position; the paths of this Python and of its packages are among them.

    The stack's own resource is registered before the program runs, and sent after: so it is what is sent that is
    changed.
    """
    monitor = settings.get_monitor()
    for call in ("RegisterResource", "ReadResource"):
        setattr(monitor, call, _without_positions(getattr(monitor, call)))


def _without_positions(send: Callable[..., Any]) -> Callable[..., Any]:
    def sent(request: Any, *more: Any, **options: Any) -> Any:
        request.ClearField("sourcePosition")
        request.ClearField("stackTrace")
        return send(request, *more, **options)

    return sent
