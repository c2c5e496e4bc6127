"""What keeps a model from being served, told before anything is built."""


class ServingError(Exception):
    """Says what the model asks for, why it cannot be had, and what to write."""
