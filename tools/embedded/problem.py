"""What stops the embedded stack."""


class EmbeddedError(Exception):
    """Says what failed, where to look and what to do."""
