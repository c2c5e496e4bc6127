"""The newest backup that is whole, of one stack."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from components.settings import parse_settings
from tools import status
from tools.backup import kept

BARE = {"cluster": {"kind": {"name": "x"}}, "ingress": {"domain": "x.localhost"}}
OLD, NEW = "20261120T020000Z", "20261125T020000Z"
NOW = datetime(2026, 11, 26, 2, tzinfo=UTC)


def backup(folder: Path, name: str, *, whole: bool = True) -> None:
    (folder / name).mkdir()
    (folder / name / ("manifest.json" if whole else "database.dump")).write_text("{}")


def test_it_is_the_last_whole_one_of_the_stack_itself(tmp_path: Path) -> None:
    assert kept.newest(str(tmp_path / "none"), "prod") is None
    backup(tmp_path, f"prod-{OLD}")
    backup(tmp_path, f"prod-{NEW}", whole=False)
    backup(tmp_path, f"prod-eu-{NEW}")
    backup(tmp_path, "prod-monday")
    assert kept.newest(str(tmp_path), "prod") == datetime(2026, 11, 20, 2, tzinfo=UTC)
    backup(tmp_path, f"prod-{NEW}.partial")
    assert kept.newest(str(tmp_path), "prod") == datetime(2026, 11, 20, 2, tzinfo=UTC)


def test_a_new_one_is_found_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "ROOT", tmp_path)
    settings = parse_settings(BARE)
    where = Path(kept.new(settings, "dev", NOW))
    where.parent.mkdir()
    backup(where.parent, where.name)
    assert kept.newest(kept.place(settings), "dev") == NOW


def test_the_stack_file_names_the_place() -> None:
    settings = parse_settings({**BARE, "backups": "s3://acme-backups/whole/"})
    assert kept.new(settings, "dev", NOW) == "s3://acme-backups/whole/dev-20261126T020000Z"


@pytest.mark.parametrize(
    ("last", "state", "text"),
    [
        (None, "note", "none is there yet"),
        (datetime(2026, 11, 25, 2, tzinfo=UTC), "ok", "the last one began 2026-11-25 02:00"),
        (datetime(2026, 11, 20, 2, tzinfo=UTC), "note", "the last one began 2026-11-20 02:00, 6 days ago"),
    ],
)
def test_status_says_how_old_it_is(
    last: datetime | None, state: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "newest", lambda *asked: last if asked == ("s3://acme-backups", "prod") else NOW)
    settings = parse_settings({**BARE, "backups": "s3://acme-backups"})
    [found] = status.whole_backups(settings, "prod", NOW)
    assert (found.about, found.state, found.text) == ("make backup", state, text)
    assert found.remedy == ("" if state == "ok" else "make backup STACK=prod")
    assert not list(status.whole_backups(parse_settings(BARE), "prod", NOW))
