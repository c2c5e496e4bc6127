"""What keeps a model from being served, told before anything is built."""

from components.errors import SlipwayError


class ServingError(SlipwayError):
    """Says what the model asks for, why it cannot be had, and what to write."""
