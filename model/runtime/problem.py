"""What goes wrong with a request: the client's fault, or the model's."""

from __future__ import annotations


class Problem(Exception):
    """Told to the client with an HTTP status: 4xx where another request would do, 5xx where none would."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
