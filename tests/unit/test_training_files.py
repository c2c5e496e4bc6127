"""What a training Job is given, whatever the shape of its script."""

import hashlib
import io
import os
import tarfile
from pathlib import Path

import pytest

from components import settings as s
from components.errors import SlipwayError
from components.models.training_files import PART, TrainingFiles, packed


def folder(place: Path, **files: bytes) -> Path:
    for name, content in files.items():
        path = place / name.replace("__", "/").replace("_py", ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return place


def names(content: bytes) -> list[str]:
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        return tar.getnames()


def test_a_script_of_any_name_is_given_as_it_is(tmp_path: Path) -> None:
    folder(tmp_path, fit_churn_py=b"print(1)")
    files = TrainingFiles.of(s.Train(script=str(tmp_path / "fit_churn.py")))
    assert files == TrainingFiles(words=("/model/fit_churn.py",), texts={"fit_churn.py": "print(1)"})


def test_a_folder_is_packed_with_its_modules(tmp_path: Path) -> None:
    folder(tmp_path, fit_py=b"import own", own__a_py=b"", __pycache____x_py=b"")
    files = TrainingFiles.of(s.Train(script=str(tmp_path / "fit.py"), folder=str(tmp_path)))
    assert files.words == ("/model/run_packed.py", "fit.py")
    assert list(files.texts) == ["run_packed.py"]
    assert names(b"".join(files.parts)) == ["fit.py", "own/a.py"]
    assert list(files.binary(0)) == ["part-00"]


def test_a_script_over_a_mebibyte_comes_in_parts(tmp_path: Path) -> None:
    folder(tmp_path, fit_py=os.urandom(2 * PART))
    files = TrainingFiles.of(s.Train(script=str(tmp_path / "fit.py")))
    assert len(files.parts) == 3
    assert all(len(part) <= PART for part in files.parts)
    assert names(b"".join(files.parts)) == ["fit.py"]


def test_the_same_files_are_the_same_bytes_whenever_they_were_written(tmp_path: Path) -> None:
    folder(tmp_path, fit_py=b"1")
    before = packed(tmp_path, tmp_path / "fit.py")
    os.utime(tmp_path / "fit.py", (0, 0))
    assert packed(tmp_path, tmp_path / "fit.py") == before


def test_the_same_files_are_the_same_bytes_on_every_machine_and_python(tmp_path: Path) -> None:
    folder(tmp_path, fit_py="print('größer')".encode(), own__a_py=b"a" * 5000, data_csv=bytes(range(256)) * 300)
    digest = hashlib.sha256(packed(tmp_path, tmp_path / "fit.py")).hexdigest()
    assert digest == "deb9c58f4a2cb007307d5af6f58db76b2fd9fcf6f12fb5ba4f86dac325162d59"


def test_what_a_machine_leaves_in_a_folder_is_no_part_of_it(tmp_path: Path) -> None:
    folder(tmp_path, fit_py=b"1", own__a_py=b"2")
    before = packed(tmp_path, tmp_path / "fit.py")
    for left in (".DS_Store", ".venv/lib/x.py", "own/.ipynb_checkpoints/a.py", "own/__pycache__/a.pyc", ".fit.py.swp"):
        (tmp_path / left).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / left).write_bytes(b"of one machine")
    assert packed(tmp_path, tmp_path / "fit.py") == before


def test_a_folder_that_no_configmap_holds_is_refused_with_what_to_do(tmp_path: Path) -> None:
    folder(tmp_path, fit_py=b"1", data_py=os.urandom(9 * PART))
    with pytest.raises(SlipwayError, match="keep data elsewhere"):
        TrainingFiles.of(s.Train(script=str(tmp_path / "fit.py"), folder=str(tmp_path)))
