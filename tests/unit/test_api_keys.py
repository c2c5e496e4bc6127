"""API keys: signed once, kept, and refused for good when their client is removed."""

import json
from typing import Any

import jwt
import pytest

from components.dynamic.api_keys import OWN, ApiKeysProvider


def made(*clients: str) -> dict[str, Any]:
    return dict(ApiKeysProvider().create({"clients": list(clients)}).outs or {})


def updated(olds: dict[str, Any], *clients: str) -> dict[str, Any]:
    return dict(ApiKeysProvider().update("api-keys", olds, {"clients": list(clients)}).outs or {})


def claims(outs: dict[str, Any], client: str) -> dict[str, Any]:
    key = jwt.PyJWKSet.from_json(outs["jwks"]).keys[0]
    return dict(jwt.decode(outs["keys"][client], key, algorithms=["ES256"]))


def test_every_client_has_a_key_that_the_public_set_proves() -> None:
    outs = made("shop", "lab")
    assert set(outs["keys"]) == {"shop", "lab", OWN}
    for client in outs["keys"]:
        assert claims(outs, client) == {"iss": outs["issuer"], "sub": outs["subjects"][client]}
        assert outs["subjects"][client].startswith(f"{client}.")


def test_the_set_that_goes_into_the_cluster_is_public() -> None:
    [key] = json.loads(made("shop")["jwks"])["keys"]
    assert set(key) == {"kty", "crv", "x", "y", "kid", "use", "alg"}


def test_two_stacks_have_issuers_and_keys_of_their_own() -> None:
    first, second = made("shop"), made("shop")
    assert first["issuer"] != second["issuer"]
    with pytest.raises(jwt.InvalidSignatureError):
        claims({**first, "jwks": second["jwks"]}, "shop")


def test_another_client_leaves_the_keys_of_the_others_as_they_are() -> None:
    before = made("shop")
    after = updated(before, "shop", "lab")
    assert after["keys"]["shop"] == before["keys"]["shop"]
    assert after["keys"][OWN] == before["keys"][OWN]
    assert after["jwks"] == before["jwks"]
    assert set(after["keys"]) == {"shop", "lab", OWN}


def test_a_client_that_comes_back_does_not_get_its_old_key() -> None:
    before = made("shop", "lab")
    without = updated(before, "lab")
    assert "shop" not in without["subjects"]
    assert updated(without, "shop", "lab")["subjects"]["shop"] != before["subjects"]["shop"]


def test_only_other_names_are_a_change() -> None:
    diff = ApiKeysProvider().diff
    assert not diff("api-keys", made("lab", "shop"), {"clients": ["lab", "shop"]}).changes
    assert diff("api-keys", made("shop"), {"clients": ["shop", "lab"]}).changes
    assert diff("api-keys", made("shop"), {"clients": []}).changes
