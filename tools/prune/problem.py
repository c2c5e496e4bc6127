"""Why nothing more is pruned."""


class PruneError(Exception):
    """The message says what to do."""
