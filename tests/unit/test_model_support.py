"""The page of what is served says what was declared, and of every cell that it was seen, or why it is red."""

from pathlib import Path

import pytest

from tests.support import page
from tests.support.cells import FLAVOURS, PYTHONS, RETURNS, SIGNATURES, Cell, Flavour, cells, on_kind

CELLS = list(cells())
ON_KIND = on_kind()
PAGE = page.read()


def test_the_page_has_a_row_for_each_declared_cell_in_that_order_and_no_other() -> None:
    assert list(PAGE) == [page.key(cell) for cell in CELLS]


def test_the_page_is_what_its_rows_make() -> None:
    assert page.PAGE.read_text() == page.markdown(PAGE)


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.name)
def test_every_cell_was_seen_and_none_is_red_without_a_declared_reason(cell: Cell) -> None:
    seen = PAGE[page.key(cell)]
    assert seen.local == (f"red: {cell.red}" if cell.red else "right")
    assert seen.kind == ("right" if cell in ON_KIND else "")


@pytest.mark.parametrize("flavour", FLAVOURS, ids=lambda flavour: flavour.name)
def test_each_flavour_is_seen_with_each_of_its_signatures_and_pythons(flavour: Flavour) -> None:
    own = [cell for cell in CELLS if cell.flavour == flavour.name]
    assert {cell.signature for cell in own} == set(flavour.takes)
    assert {cell.python for cell in own} == set(flavour.pythons)


def test_every_signature_and_every_return_of_pyfunc_is_seen_with_every_python() -> None:
    own = [cell for cell in CELLS if cell.flavour == "pyfunc"]
    everywhere = {(kind, python) for python in PYTHONS for kind in (*SIGNATURES, *RETURNS)}
    assert {(kind, cell.python) for cell in own for kind in (cell.signature, cell.returned)} == everywhere


def test_a_dozen_of_them_were_seen_on_kind_on_both_servers_and_three_pythons() -> None:
    assert len(ON_KIND) == 12
    assert {cell.python for cell in ON_KIND} == {"3.11", "3.12", "3.13"}


def test_what_a_run_sees_of_one_cell_leaves_the_rest_of_the_page(tmp_path: Path) -> None:
    other = tmp_path / "page.md"
    page.put(CELLS[0], page=other, local="right", kind="right")
    page.put(CELLS[1], page=other, local="right")
    page.put(CELLS[0], page=other, local="red: it failed")
    found = page.read(other)
    assert [found[page.key(cell)].local for cell in CELLS[:3]] == ["red: it failed", "right", page.UNSEEN]
    assert found[page.key(CELLS[0])].kind == "right"
