"""Quantities are read as Kubernetes reads them.

`quantities.jsonl` has what k8s.io/apimachinery v0.34.4 makes of a text: thousandths and a float, as it is written and
as it comes back from the API server; or null, where it is refused.
"""

import json
from pathlib import Path

import pytest

from hpa import quantity

RECORDS = [json.loads(line) for line in Path(__file__).with_name("quantities.jsonl").open()]


@pytest.mark.parametrize(("text", "real"), RECORDS, ids=[repr(text) for text, _ in RECORDS])
def test_a_quantity_is_what_go_makes_of_it(text: str, real: list[int | str] | None) -> None:
    if real is None:
        with pytest.raises(ValueError, match=r"quantity|number|exponent"):
            quantity.parse(text)
        return
    found = quantity.parse(text)
    stored = found.stored()
    assert [found.milli(), repr(found.approximate()), stored.milli(), repr(stored.approximate())] == real
