"""Tools come whole or not at all, and whatever keeps one away is said with its remedy."""

import dataclasses
import errno
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from components.errors import SlipwayError
from tests.unit.http_server import served_by
from tools.toolchain import downloads, go_builds, install
from tools.toolchain.pinning import all_downloads, write_checksums
from tools.toolchain.pins import ON_DEMAND, PINNED, TOOLS, Build, Download, Tool

PROGRAM = b"#!/bin/sh\necho hello\n" * 1000
SHA = hashlib.sha256(PROGRAM).hexdigest()


@pytest.fixture
def publisher() -> Iterator[str]:
    """A good file with its checksum, one whose checksum is of another, and one that breaks off half-way."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = SHA.encode() if self.path.endswith(".sha256") else PROGRAM
            if self.path == "/wrong.sha256":
                body = b"0" * 64
            absent = self.path in ("/nosum.sha256", "/gone.sha256")
            self.send_response(404 if absent else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "HEAD":
                return
            self.wfile.write(body[: len(body) // 2] if self.path == "/broken" else body)

        do_HEAD = do_GET

        def log_message(self, *_: Any) -> None:
            pass

    with served_by(Handler) as address:
        yield f"http://{address}"


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SLIPWAY_DOWNLOADS", str(tmp_path / "kept"))
    return tmp_path / "kept"


def tool(url: str, version: str = "1", pinned: str | None = None) -> Tool:
    name = url.rpartition("/")[2]
    download = Download(url=url, checksum=f"{url}.sha256", sha256=pinned)
    return Tool(name=name, version=version, makes=(name,), downloads=(download,), builds=(NEVER,))


NEVER = Build(folder="etcd", packages=(), minutes=0)


@pytest.fixture(autouse=True)
def published_without_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "PUBLISHED", True)
    monkeypatch.setattr(go_builds, "usable_go", lambda: "there is no `go` on PATH")


def test_a_download_with_the_right_checksum_is_installed(publisher: str, tmp_path: Path) -> None:
    good = tool(f"{publisher}/good")
    install.install([good], tmp_path)
    assert (tmp_path / "bin" / "good").read_bytes() == PROGRAM
    assert (tmp_path / "bin" / "good").stat().st_mode & 0o111
    assert install.is_there(good, tmp_path)


def test_what_is_there_is_not_fetched_again(publisher: str, tmp_path: Path) -> None:
    install.install([tool(f"{publisher}/good")], tmp_path)
    gone = Tool(name="good", version="1", makes=("good",), downloads=(), builds=())
    install.install([gone], tmp_path)


def test_another_version_is_another_tool(publisher: str, tmp_path: Path) -> None:
    install.install([tool(f"{publisher}/good")], tmp_path)
    assert not install.is_there(tool(f"{publisher}/good", "2"), tmp_path)


def test_a_program_that_was_cut_short_is_not_taken_for_there(publisher: str, tmp_path: Path) -> None:
    good = tool(f"{publisher}/good")
    install.install([good], tmp_path)
    (tmp_path / "bin" / "good").write_bytes(PROGRAM[:100])
    assert not install.is_there(good, tmp_path)
    install.install([good], tmp_path)
    assert (tmp_path / "bin" / "good").read_bytes() == PROGRAM


def test_a_program_that_was_altered_is_not_taken_for_there(publisher: str, tmp_path: Path) -> None:
    good = tool(f"{publisher}/good")
    install.install([good], tmp_path)
    program = tmp_path / "bin" / "good"
    times = program.stat()
    program.write_bytes(PROGRAM.replace(b"hello", b"bye!!"))
    os.utime(program, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert not install.is_there(good, tmp_path)


def test_a_folder_that_was_copied_is_read_through_once(publisher: str, tmp_path: Path) -> None:
    good = tool(f"{publisher}/good")
    install.install([good], tmp_path / "old")
    shutil.copytree(tmp_path / "old", tmp_path / "new")
    assert install.is_there(good, tmp_path / "new")
    (tmp_path / "new" / "bin" / "good").write_bytes(PROGRAM[::-1])
    assert not install.is_there(good, tmp_path / "new")


def test_a_pin_is_not_asked_of_the_publisher(publisher: str, tmp_path: Path) -> None:
    install.install([tool(f"{publisher}/nosum", pinned=SHA)], tmp_path)
    assert (tmp_path / "bin" / "nosum").read_bytes() == PROGRAM


@pytest.mark.usefixtures("kept")
def test_a_kept_download_is_used_without_the_network(publisher: str, tmp_path: Path) -> None:
    install.install([tool(f"{publisher}/good", pinned=SHA)], tmp_path / "first")
    install.install([tool("http://127.0.0.1:9/good", pinned=SHA)], tmp_path / "second")
    assert (tmp_path / "second" / "bin" / "good").read_bytes() == PROGRAM


def test_a_kept_download_that_was_altered_is_fetched_again(publisher: str, tmp_path: Path, kept: Path) -> None:
    good = tool(f"{publisher}/good", pinned=SHA)
    install.install([good], tmp_path / "first")
    (kept / SHA).write_bytes(PROGRAM[::-1])
    install.install([good], tmp_path / "second")
    assert (tmp_path / "second" / "bin" / "good").read_bytes() == PROGRAM
    assert hashlib.sha256((kept / SHA).read_bytes()).hexdigest() == SHA


def test_without_the_network_an_altered_one_is_of_no_use(publisher: str, tmp_path: Path, kept: Path) -> None:
    install.install([tool(f"{publisher}/good", pinned=SHA)], tmp_path / "first")
    (kept / SHA).write_bytes(PROGRAM[::-1])
    with pytest.raises(SlipwayError, match="cannot be downloaded"):
        install.install([tool("http://127.0.0.1:9/good", pinned=SHA)], tmp_path / "second")


def test_a_file_that_is_not_what_is_pinned_is_never_used(publisher: str, tmp_path: Path) -> None:
    with pytest.raises(SlipwayError, match=r"is not what is pinned"):
        install.install([tool(f"{publisher}/good", pinned="0" * 64)], tmp_path)
    assert not (tmp_path / "bin" / "good").exists()


def test_checksums_are_written_down_and_never_change(publisher: str, tmp_path: Path) -> None:
    file = tmp_path / "checksums.txt"
    new, gone = (Download(url=f"{publisher}/{name}", checksum=f"{publisher}/{name}.sha256") for name in ("a", "gone"))
    said = write_checksums([new, gone], file)
    assert file.read_text().splitlines()[1:] == [f"{SHA}  {new.url}"]
    assert "1 of 2 files" in said
    assert f"not asked: {gone.checksum}" in said
    written = file.read_text()
    with pytest.raises(SlipwayError, match=rf"/a was {'0' * 64} and is {SHA} now"):
        write_checksums([dataclasses.replace(new, sha256="0" * 64)], file)
    assert file.read_text() == written


def test_every_pinned_checksum_is_of_a_file_that_is_got() -> None:
    assert set(PINNED) <= {each.url for each in all_downloads()}
    assert {len(sha256) for sha256 in PINNED.values()} == {64}


@pytest.mark.parametrize("file", ["wrong", "broken"])
def test_a_wrong_or_partial_download_is_never_used(publisher: str, tmp_path: Path, file: str) -> None:
    with pytest.raises(SlipwayError, match=r"cannot be downloaded .*is not what its publisher's checksum says"):
        install.install([tool(f"{publisher}/{file}")], tmp_path)
    assert not (tmp_path / "bin" / file).exists()
    assert not list((tmp_path / "work" / file).glob("*"))


def test_without_downloads_and_go_the_message_names_both_remedies(tmp_path: Path) -> None:
    with pytest.raises(SlipwayError) as caught:
        install.install([tool("http://127.0.0.1:9/none")], tmp_path)
    said = str(caught.value)
    assert said.startswith("none 1 cannot be downloaded (http://127.0.0.1:9/none.sha256: ")
    assert "there is no `go` on PATH" in said
    assert "get.pulumi.com, dl.k8s.io and github.com" in said
    assert "https://go.dev/doc/install" in said


def test_how_long_builds_take_is_said_before_they_begin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def build(_step: Build, _version: str, _folder: Path, _progress: object) -> None:
        assert "2 must be built from Go modules: at most about 11 min" in capsys.readouterr().err
        raise SlipwayError("that is all")

    monkeypatch.setattr(go_builds, "usable_go", lambda: None)
    monkeypatch.setattr(go_builds, "build", build)
    steps = (dataclasses.replace(NEVER, minutes=3), dataclasses.replace(NEVER, minutes=8))
    wanted = [dataclasses.replace(tool(f"http://127.0.0.1:9/{each.minutes}"), builds=(each,)) for each in steps]
    with pytest.raises(SlipwayError, match="that is all"):
        install.install(wanted, tmp_path)


@pytest.mark.parametrize(
    ("error", "reason"),
    [(PermissionError(errno.EACCES, "no", "/x"), "no write access"), (OSError(errno.ENOSPC, "full"), "is full")],
)
def test_a_disk_that_takes_nothing_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError, reason: str
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(install, "_install", fail)
    with pytest.raises(SlipwayError, match=reason):
        install.install([tool("http://127.0.0.1:9/none")], tmp_path)


@pytest.mark.parametrize(
    ("said", "remedy"),
    [
        ("write /tmp/x: no space left on device", "the disk is full"),
        ("dial tcp: lookup proxy: no such host", "go env GOPROXY"),
        ("compile: signal: killed", "want of memory"),
        ("undefined: x", "what is built so far is kept"),
    ],
)
def test_what_the_compiler_says_comes_with_what_to_do(said: str, remedy: str) -> None:
    assert remedy in go_builds._explained(said)


def test_a_checksum_is_read_in_every_form_that_publishers_write() -> None:
    assert downloads.checksum_in(SHA, "a") == SHA
    assert downloads.checksum_in(f"{'0' * 64}  b\n{SHA}  a\n", "a") == SHA
    release = json.dumps({"assets": [{"name": "a", "digest": f"sha256:{SHA}"}, {"name": "b", "digest": None}]})
    assert downloads.checksum_in(release, "a") == SHA
    assert downloads.checksum_in(release, "b") is None
    assert downloads.checksum_in("<html>blocked</html>", "a") is None


def test_every_tool_can_be_built_from_committed_modules() -> None:
    for each in (*TOOLS, *ON_DEMAND):
        for step in each.builds:
            assert (go_builds.MODULES / step.folder / "go.mod").is_file()
            assert (go_builds.MODULES / step.folder / "go.sum").is_file()
