"""What a stack keeps on this machine is its user's alone."""

import os
import stat
from pathlib import Path

from cryptography import x509

from components.clients import private
from tools.embedded.loopback import Pair


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_every_folder_on_the_way_is_closed_to_others(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        made = private.folder(tmp_path / ".slipway" / "local" / "embedded")
    finally:
        os.umask(before)
    assert [mode(each) for each in (made, made.parent, made.parent.parent)] == [0o700] * 3
    assert private.folder(made) == made


def test_a_folder_that_others_may_read_already_stays_so(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir(mode=0o755)
    (tmp_path / "shared").chmod(0o755)
    private.folder(tmp_path / "shared" / "own")
    assert mode(tmp_path / "shared") == 0o755


def test_a_certificate_of_the_loopback_is_made_once_and_its_key_is_closed(tmp_path: Path) -> None:
    pair = Pair(tmp_path / "etcd.crt", tmp_path / "etcd.key")
    pair.make()
    first = pair.certificate.read_bytes()
    pair.make()
    assert pair.certificate.read_bytes() == first
    assert mode(pair.key) == 0o600
    made = x509.load_pem_x509_certificate(first)
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(each) for each in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]
    made.verify_directly_issued_by(made)
