"""What cannot be simulated, and what to write instead."""


class HpaError(Exception):
    """The message names the place, the value and the remedy."""
