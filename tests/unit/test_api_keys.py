"""API keys: signed once, kept, and refused for good when their client is removed."""

import datetime
import json
from typing import Any

import jwt
import pytest

from components.dynamic.api_keys import ApiKeysProvider
from components.settings.ingress import OWN


def props(*clients: str | dict[str, Any]) -> dict[str, Any]:
    return {"clients": [{"generation": 0, **({"name": each} if isinstance(each, str) else each)} for each in clients]}


def made(*clients: str | dict[str, Any]) -> dict[str, Any]:
    return dict(ApiKeysProvider().create(props(*clients, OWN)).outs or {})


def updated(olds: dict[str, Any], *clients: str | dict[str, Any]) -> dict[str, Any]:
    return dict(ApiKeysProvider().update("api-keys", olds, props(*clients, OWN)).outs or {})


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
    assert not diff("api-keys", made("shop"), props("shop", OWN)).changes
    assert diff("api-keys", made("shop"), props("shop", "lab", OWN)).changes
    assert diff("api-keys", made("shop"), props(OWN)).changes


def test_a_key_that_is_turned_over_leaves_the_one_before_until_the_next_time() -> None:
    first = made("shop")
    second = updated(first, {"name": "shop", "generation": 1})
    assert second["keys"]["shop"] != first["keys"]["shop"]
    assert second["previous"] == {"shop": first["subjects"]["shop"]}
    assert second["keys"][OWN] == first["keys"][OWN]
    # What is done for others leaves it as it is.
    other = updated(second, {"name": "shop", "generation": 1}, "lab")
    assert other["previous"] == second["previous"]
    third = updated(other, {"name": "shop", "generation": 2}, "lab")
    assert third["previous"] == {"shop": second["subjects"]["shop"]}


def test_a_key_that_leaked_is_taken_back_with_the_one_that_follows() -> None:
    first = made({"name": "shop", "generation": 1})
    assert updated(first, {"name": "shop", "generation": 3})["previous"] == {}


def test_slipways_own_key_is_turned_over_as_any_other() -> None:
    first = made("shop")
    second = dict(ApiKeysProvider().update("k", first, props("shop", {"name": OWN, "generation": 2})).outs or {})
    assert second["subjects"][OWN] != first["subjects"][OWN]
    assert second["previous"] == {}
    assert second["keys"]["shop"] == first["keys"]["shop"]


def test_a_key_may_have_a_last_day() -> None:
    outs = made({"name": "shop", "until": "2031-12-31"})
    end = datetime.datetime(2032, 1, 1, tzinfo=datetime.UTC)
    assert claims(outs, "shop")["exp"] == end.timestamp()
    assert "exp" not in claims(outs, OWN)
    longer = updated(outs, {"name": "shop", "until": "2032-12-31"})
    assert longer["keys"]["shop"] != outs["keys"]["shop"]
    with pytest.raises(jwt.ExpiredSignatureError):
        claims(made({"name": "shop", "until": "2020-01-01"}), "shop")
