"""What keeps a tool from being there."""


class ToolchainError(Exception):
    """Says which tool, what failed and what to do."""
