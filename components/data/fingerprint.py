"""Fingerprints of what a server reads at its start, so that other values are another generation of its pods."""

import hmac

from pulumi import Input, Output, ResourceOptions

from components.dynamic.password import Password

ANNOTATION = "slipway/secrets"


def fingerprint(key: str, values: list[str]) -> str:
    """Tells one set of values from another. Without the key, which is in the state alone, no guess can be tried."""
    return hmac.new(key.encode(), "\0".join(values).encode(), "sha256").hexdigest()[:16]


def annotations(server: str, values: list[Input[str]], opts: ResourceOptions) -> dict[str, Output[str]]:
    """The annotations of a server's pods, which change when one of `values` does."""
    key = Password(f"{server}-fingerprints", opts).value
    made = Output.all(key, *values).apply(lambda known: fingerprint(str(known[0]), [str(each) for each in known[1:]]))
    return {ANNOTATION: Output.unsecret(made)}
