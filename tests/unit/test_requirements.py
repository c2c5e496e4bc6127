"""A model's requirements, in every form that MLflow writes, become what its image installs."""

import json
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from components.serving import requirements as forms
from components.serving import resolution
from components.serving.logged_model import LoggedModel
from components.serving.plan import Wishes, lay_out, of
from components.serving.problem import ServingError
from components.serving.requirements import Requirements
from components.serving.servers import choose


def logged(
    folder: Path, requirements: str, flavors: dict[str, Any] | None = None, files: dict[str, str] | None = None
) -> LoggedModel:
    folder.mkdir(exist_ok=True)
    (folder / "MLmodel").write_text(json.dumps({"flavors": flavors or {"python_function": {}}}))
    (folder / "requirements.txt").write_text(requirements)
    for name, content in (files or {}).items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return LoggedModel(folder)


def test_comments_and_continued_lines_are_read_as_pip_reads_them(tmp_path: Path) -> None:
    text = "# all\nnumpy==2.4.6 \\\n    --hash=sha256:ab  # one\n\nx[a,b]>=1; python_version < '3.12'\n"
    lines = Requirements.read(logged(tmp_path / "m", text)).lines
    assert [" ".join(line.split()) for line in lines] == [
        "numpy==2.4.6 --hash=sha256:ab",
        "x[a,b]>=1; python_version < '3.12'",
    ]


def test_a_comment_ends_with_its_line_whatever_it_ends_with(tmp_path: Path) -> None:
    text = "# C:\\wheels\\\nnumpy==2.4.6\n  # more \\\nscipy \\\n==1\n"
    lines = Requirements.read(logged(tmp_path / "m", text)).lines
    assert [" ".join(line.split()) for line in lines] == ["numpy==2.4.6", "scipy ==1"]


@pytest.mark.parametrize("option", ["--config-settings", "--config-setting", "--global-option"])
def test_what_only_pip_s_own_builds_know_is_refused_with_the_way_out(option: str, tmp_path: Path) -> None:
    with pytest.raises(ServingError, match=f"`x==1 {option}=a=b` has {option}, .* build a wheel with it"):
        Requirements.read(logged(tmp_path / "m", f"x==1 {option}=a=b\n"))


@pytest.mark.parametrize("lines", [["--pre", "mlflow>=3"], ["mlflow>=3"]])
def test_releases_before_a_release_are_taken_where_the_model_says_so(
    lines: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []

    def uv(arguments: list[str], _: Path) -> "subprocess.CompletedProcess[str]":
        asked.append(list(arguments))
        return subprocess.CompletedProcess(arguments, 0, "mlflow==4.0rc1\n", "")

    monkeypatch.setattr(resolution, "_uv", uv)
    for name in ("requirements.txt", resolution.WHOLE):
        (tmp_path / name).write_text("".join(f"{line}\n" for line in lines))
    resolution.lock(tmp_path, "3.11")
    assert [each[2] for each in asked] == [resolution.WHOLE, "requirements.txt"]
    assert [("--prerelease", "allow") in list(pairwise(each)) for each in asked] == ["--pre" in lines] * 2


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("-c constraints.txt", ["constraints.txt"]),
        ("--constraint=constraints.txt", ["constraints.txt"]),
        ("-cconstraints.txt", ["constraints.txt"]),
        ("-r more.txt", ["more.txt"]),
        ("wheels/x-1-py3-none-any.whl", ["wheels/x-1-py3-none-any.whl"]),
        ("./code/x-1-py3-none-any.whl", ["code/x-1-py3-none-any.whl"]),
        ("code/x-1-py3-none-any.whl[extra]", ["code/x-1-py3-none-any.whl"]),
        ("x @ ./code/x-1-py3-none-any.whl ; python_version > '3.8'", ["code/x-1-py3-none-any.whl"]),
        ("-e ./code/package", ["code/package"]),
        ("--editable=code/package[extra]", ["code/package"]),
        ("code/package", ["code/package"]),
        ("code/x-1.tar.gz", ["code/x-1.tar.gz"]),
        ("--find-links wheels", ["wheels"]),
        ("x @ git+https://git.test/x.git@main", []),
        ("git+ssh://git@git.test/x.git", []),
        ("x @ https://files.test/x-1-py3-none-any.whl", []),
        ("https://files.test/x-1-py3-none-any.whl", []),
        ("--extra-index-url https://index.test/simple", []),
        ("scikit-learn==1.9.1", []),
    ],
)
def test_files_that_a_line_names_are_brought_along(line: str, named: list[str], tmp_path: Path) -> None:
    model = logged(
        tmp_path / "m",
        f"{line}\n",
        files={
            **{"constraints.txt": "numpy<3", "more.txt": "numpy", "wheels__x-1-py3-none-any.whl": "w"},
            **{"code__x-1-py3-none-any.whl": "w", "code__x-1.tar.gz": "s", "code__package__setup.py": ""},
        },
    )
    requirements = Requirements.read(model)
    assert [*requirements.files, *requirements.paths] == named
    lay_out(model, tmp_path / "context")
    assert all((tmp_path / "context" / path).exists() for path in named)


def test_what_a_named_file_names_is_found_beside_it(tmp_path: Path) -> None:
    files = {"more__all.txt": "-c limits.txt\n-e ./code\n", "more__limits.txt": "numpy<3\n", "code__setup.py": ""}
    requirements = Requirements.read(logged(tmp_path / "m", "-r more/all.txt\n", files=files))
    assert requirements.files == {
        "more/all.txt": ("--constraint limits.txt", "./code"),
        "more/limits.txt": ("numpy<3",),
    }
    assert requirements.paths == ("code",)


def test_nothing_of_an_image_is_editable(tmp_path: Path) -> None:
    files = {"code__setup.py": "", "x.whl": ""}
    text = "-e code\n-e ./code[a]\nx.whl\n-e git+https://git.test/x.git\n"
    assert Requirements.read(logged(tmp_path / "m", text, files=files)).lines == (
        *("./code", "./code[a]", "./x.whl", "git+https://git.test/x.git"),
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_a_file_of_any_editor_is_read(encoding: str, tmp_path: Path) -> None:
    model = logged(tmp_path / "m", "")
    (tmp_path / "m" / "requirements.txt").write_bytes("# für alle\r\nnumpy==2.4.6\r\n".encode(encoding))
    assert Requirements.read(model).lines == ("numpy==2.4.6",)


def test_a_variable_of_this_machine_is_refused_by_its_name(tmp_path: Path) -> None:
    model = logged(tmp_path / "m", "--extra-index-url https://${TOKEN}@index.test/simple\n")
    with pytest.raises(ServingError, match=r"names the variable TOKEN, .* as `build.packageIndex`"):
        Requirements.read(model)


def test_a_model_that_knows_conda_alone_is_installed_by_pip(tmp_path: Path) -> None:
    conda = (
        "channels: [conda-forge]\ndependencies:\n- python=3.9.18\n- conda-forge::scikit-learn=1.0.2\n- pytorch=2\n"
        "- numpy=1.22.3=py39h1\n- pip\n- pip:\n  - mlflow==1.30.0\n"
    )
    model = logged(tmp_path / "m", "", files={"conda.yaml": conda})
    (tmp_path / "m" / "requirements.txt").unlink()
    assert model.python == "3.9"
    assert model.requirements == ["mlflow==1.30.0", "scikit-learn==1.0.2", "torch==2.*", "numpy==1.22.3"]


def test_what_conda_alone_would_have_brought_is_installed_too(tmp_path: Path) -> None:
    files = {"conda.yaml": "dependencies: [scikit-learn=1.0.2, numpy=1.22.3, {pip: [mlflow]}]"}
    model = logged(tmp_path / "m", "mlflow\nnumpy==1.22.4\n", files=files)
    assert model.requirements == ["mlflow", "numpy==1.22.4", "scikit-learn==1.0.2"]


def test_the_model_s_own_hashes_are_those_that_are_checked() -> None:
    locked = "a==1 \\\n    --hash=sha256:one \\\n    --hash=sha256:two\nb==2 \\\n    --hash=sha256:three\n"
    assert resolution.with_own_hashes(locked, ["a==1 --hash=sha256:two", "b"]).splitlines() == [
        "a==1 --hash=sha256:two",
        "b==2 --hash=sha256:three",
    ]


@pytest.mark.parametrize(("file", "compiled"), [("code__x.py", False), ("code__fast.pyx", True)])
def test_a_folder_with_sources_for_a_compiler_gets_one(file: str, compiled: bool, tmp_path: Path) -> None:
    model = logged(tmp_path / "m", "./code\n", files={file: ""})
    assert forms.compiled(Requirements.read(model), model.folder) is compiled


@pytest.mark.parametrize(
    ("line", "remedy"),
    [
        ("wheels/gone.whl", "the model's folder has no wheels/gone.whl: log it along"),
        ("--constraint gone.txt", "the model's folder has no gone.txt"),
        ("x @ file:///home/me/x.whl", "is a file of the machine that the model was logged on"),
        ("/home/me/x.whl", "is a file of the machine that the model was logged on"),
        ("../x.whl", "is outside of the model's folder"),
    ],
)
def test_a_file_that_is_not_there_is_told_with_what_to_do(line: str, remedy: str, tmp_path: Path) -> None:
    with pytest.raises(ServingError) as caught:
        Requirements.read(logged(tmp_path / "m", f"{line}\n"))
    assert remedy in str(caught.value)
    assert line in str(caught.value)


def test_mlflow_is_installed_without_what_the_model_does_not_import(tmp_path: Path) -> None:
    model = logged(tmp_path / "m", "mlflow==3.17.2\nnumpy==2.4.6\n", {"python_function": {}, "sklearn": {}})
    lean = forms.lean(Requirements.read(model), model)
    assert lean.lines == ("mlflow-skinny==3.17.2", "numpy==2.4.6", "pandas", "scikit-learn", "skops")
    assert forms.spared(lean) == ["databricks-sdk; sys_platform == 'never'", "gitpython; sys_platform == 'never'"]


@pytest.mark.parametrize("lines", ["xgboost==3.2.0\n", "mlflow[extras]==3.17.2\nxgboost\n"])
def test_what_only_a_training_on_several_gpus_loads_is_left_out(lines: str, tmp_path: Path) -> None:
    spared = forms.spared(Requirements.read(logged(tmp_path / "m", lines)))
    assert "nvidia-nccl-cu12; sys_platform == 'never'" in spared


def test_what_a_model_asks_for_itself_is_never_left_out(tmp_path: Path) -> None:
    asked = Requirements.read(logged(tmp_path / "m", "xgboost\nnvidia-nccl-cu12==2.28.9\n"))
    assert forms.spared(asked) == ["nvidia-nccl-cu13; sys_platform == 'never'"]


def test_what_the_model_s_own_code_imports_is_installed(tmp_path: Path) -> None:
    model = logged(
        tmp_path / "m",
        "mlflow==3.17.2\n",
        files={"code__mine.py": "import matplotlib.pyplot", "python_model.pkl": "pyarrow.lib"},
    )
    lines = forms.lean(Requirements.read(model), model).lines
    assert {"matplotlib", "pyarrow"} <= set(lines)
    assert not {"skops", "databricks-sdk"} & set(lines)


@pytest.mark.parametrize(
    ("requirements", "flavors"),
    [
        ("mlflow[gateway]==3.17.2\n", {"python_function": {}}),
        ("mlflow==3.17.2\n", {"python_function": {}, "langchain": {}}),
        ("mlflow==3.17.2 --hash=sha256:ab\n", {"python_function": {}}),
        ("mlflow-skinny==3.17.2\n", {"python_function": {}}),
        ("scikit-learn\n", {"python_function": {}}),
    ],
)
def test_mlflow_stays_whole_where_less_of_it_is_not_known_to_do(
    requirements: str, flavors: dict[str, Any], tmp_path: Path
) -> None:
    model = logged(tmp_path / "m", requirements, flavors)
    assert forms.lean(Requirements.read(model), model) == Requirements.read(model)


def test_libraries_that_a_wheel_expects_are_known() -> None:
    assert forms.libraries("lightgbm==4.6.0\nnumpy==2.4.6\n") == ["libgomp1"]
    assert forms.libraries("numpy==2.4.6\n") == []


@pytest.mark.parametrize(
    ("files", "python"),
    [
        ({"python_env.yaml": "python: 3.12.4\n"}, "3.12"),
        ({}, None),
    ],
)
def test_a_model_s_python_is_the_one_that_it_was_trained_with(
    files: dict[str, str], python: str | None, tmp_path: Path
) -> None:
    assert logged(tmp_path / "m", "", files=files).python == python


def test_a_model_without_an_environment_file_has_its_python_in_its_description(tmp_path: Path) -> None:
    assert logged(tmp_path / "m", "", {"python_function": {"python_version": "3.10.13"}}).python == "3.10"


@pytest.mark.parametrize(
    ("trained", "server", "python"),
    [("3.9", "mlserver", "3.9"), ("3.12", "mlserver", "3.12"), ("3.13", "kserve", "3.13"), (None, "mlserver", "3.11")],
)
def test_a_server_is_chosen_by_the_model_s_python(trained: str | None, server: str, python: str) -> None:
    choice = choose(trained)
    assert (choice.server.name, choice.python) == (server, python)
    assert (choice.reason is None) == (server == "mlserver")


def test_another_server_or_python_may_be_asked_for() -> None:
    assert choose("3.11", server="kserve").server.name == "kserve"
    assert choose("3.14", python="3.12").python == "3.12"
    with pytest.raises(ServingError, match=r"wants Python 3.13, and MLServer runs on 3.9 to 3.12: leave `server` out"):
        choose("3.13", server="mlserver")


@pytest.mark.parametrize("python", ["2.7", "3.8", "3.14", "3.20"])
def test_a_python_that_no_server_runs_on_is_refused_with_what_to_do(python: str) -> None:
    with pytest.raises(ServingError, match=r"log it again under Python 3.9 to 3.13, or write `python: \"3.13\"`"):
        choose(python)


def test_the_settings_go_before_what_the_model_says(tmp_path: Path) -> None:
    model = logged(tmp_path / "m", "", files={"python_env.yaml": "python: 3.11.7"})
    assert of(model, Wishes(python="3.13")).server == "kserve"


def test_a_clash_is_told_in_the_resolver_s_words_with_both_sides() -> None:
    told = resolution.explained("\x1b[31m No solution: a needs b<2 and c needs b>2\x1b[0m", "3.11")
    assert "a needs b<2 and c needs b>2" in told
    assert "\x1b" not in told
    assert "under Python 3.11" in told
