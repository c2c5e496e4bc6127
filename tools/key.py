"""The keys that a stack's models are asked with."""

import os

from components.errors import SlipwayError
from tools.engine import state
from tools.engine.backend import environment
from tools.engine.stack import Stack


def key(stack: Stack, client: str) -> str:
    """A client's API key. Raises SlipwayError for one that there is not."""
    env = environment(stack, stack.content, os.environ)
    keys = state.outputs(stack, env, "--show-secrets").get("apiKeys", {})
    if client not in keys:
        known = ", ".join(sorted(keys)) or "none: its models ask for no credential, or it was never brought up"
        raise SlipwayError(f"{stack.name} has no key for {client}; it has: {known}")
    return str(keys[client])
