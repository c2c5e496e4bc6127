"""What stops a command before Pulumi starts."""


class EngineError(Exception):
    """The message says what is wrong and what to do."""
