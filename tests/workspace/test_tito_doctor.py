"""`tito doctor`: useful above all where something is broken."""

from pathlib import Path
from typing import Any

import pytest
from tito import checks, checks_environment, checks_workspace
from workspace_copy import Workspace, copy_workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return copy_workspace(tmp_path)


def broken_package(place: Path, name: str) -> str:
    """Make a package that can't be imported; return the folder for PYTHONPATH."""
    (place / name).mkdir(parents=True)
    (place / name / "__init__.py").write_text("raise OSError('half of it is missing')\n")
    return str(place)


def found(answer: dict[str, list[dict[str, str]]], name: str) -> list[dict[str, str]]:
    return [check for check in answer["checks"] if check["name"] == name]


def states(answer: dict[str, list[dict[str, str]]], name: str) -> list[str]:
    return [check["state"] for check in found(answer, name)]


def test_a_sound_workspace_has_no_problem(workspace: Workspace) -> None:
    run = workspace.tito("doctor")
    assert run.returncode == 0, run.stdout
    assert "no problem" in run.stdout or "All is well" in run.stdout
    assert "your files   all" in run.stdout
    assert max(len(line) for line in run.stdout.splitlines() if "/" not in line) <= 80


def test_every_broken_thing_is_named_at_once(workspace: Workspace) -> None:
    """Damaged learner's files, a damaged memory and variables that change things: notes, since the course goes on."""
    workspace.mine("setup").write_text("x = (\n")
    workspace.mine("tensor").unlink()
    text = workspace.mine("autograd").read_text(encoding="utf-8")
    workspace.mine("autograd").write_text(f"\n\nraise RuntimeError('mine')\n{text}", encoding="utf-8")
    workspace.remembered("hints.json").parent.mkdir()
    workspace.remembered("hints.json").write_text("{")
    workspace.remembered("aside").write_text("01\n")
    answer = workspace.json("doctor", OPENBLAS_NUM_THREADS="1", PYTHONOPTIMIZE="1")
    files = " ".join(check["says"] + check["do"] for check in found(answer, "your files"))
    assert answer["ok"]
    assert len(found(answer, "your files")) == 3
    assert "modules/00_setup/setup.py:1: SyntaxError" in files
    assert "modules/01_tensor/tensor.py is not there" in files
    assert "tito reset 01" in files
    assert "modules/05_autograd/autograd.py:3: RuntimeError: mine" in files
    assert ".tito/hints.json is damaged" in found(answer, "memory")[0]["says"]
    assert found(answer, "set aside")[0]["do"].startswith("tito use mine 01")
    assert "OPENBLAS_NUM_THREADS=1" in found(answer, "processor")[0]["says"]
    assert any("PYTHONOPTIMIZE=1" in check["says"] for check in found(answer, "variables"))


def test_a_function_that_is_gone_is_named(workspace: Workspace) -> None:
    workspace.edit("autograd", "def sum_to_shape(", "def total_to_shape(")
    (check,) = found(workspace.json("doctor"), "your files")
    assert check["says"] == "modules/05_autograd/autograd.py has no 05.3 sum_to_shape; the reference's runs"
    assert check["do"] == "tito reset 05.3 brings the stub back"


@pytest.mark.parametrize("name", ["numpy", "rich", "typer"])
def test_with_a_broken_package_it_still_says_which(workspace: Workspace, name: str) -> None:
    place = broken_package(workspace.root / "broken", name)
    path = workspace.environment()["PYTHONPATH"] + ":" + place
    run = workspace.tito("doctor", PYTHONPATH=place + ":" + path)
    assert run.returncode == (0 if name == "rich" else 1), run.stderr
    assert f"{name} can't be imported: OSError: half of it is missing" in " ".join(run.stdout.split())


def test_another_command_points_to_the_doctor_then(workspace: Workspace) -> None:
    place = broken_package(workspace.root / "broken", "typer")
    run = workspace.tito("status", PYTHONPATH=place + ":" + workspace.environment()["PYTHONPATH"])
    assert run.returncode == 1
    assert run.stderr == "tito can't start: OSError: half of it is missing; `tito doctor` looks closer\n"


def test_a_wrong_mode_is_a_problem(workspace: Workspace) -> None:
    answer = workspace.json("doctor", TINYTORCH="refrence")
    assert not answer["ok"]
    assert "problem" in states(answer, "variables")


def test_a_file_that_hangs_at_import_is_named_with_its_line(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks_file = workspace.root / "scripts" / "tito" / "checks_environment.py"
    checks_file.write_text(checks_file.read_text().replace("IMPORT_LIMIT = 10 ", "IMPORT_LIMIT = 3 "))
    workspace.mine("setup").write_text("\nwhile True:\n    pass\n")
    answer = workspace.json("doctor")
    assert not answer["ok"]
    assert "after 3 s it was at modules/00_setup/setup.py:" in found(answer, "imports")[0]["says"]


def test_a_check_that_fails_itself_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> Any:
        raise ValueError("unforeseen")

    monkeypatch.setattr(checks, "CHECKS", (fail, checks_workspace.git))
    says = [finding.says for finding in checks.examine()]
    assert says[0] == "could not be looked at: ValueError: unforeseen"
    assert len(says) == 2


def test_packages_are_compared_with_the_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text(
        "numpy==0.1 ; python_version >= '3.11' \\\n    --hash=sha256:00\n"
        "pytest==0.1 ; python_version < '3' \\\n    --hash=sha256:00\n"
        "no-such-package==1.0 \\\n    --hash=sha256:00\n"
    )
    monkeypatch.setattr(checks_environment, "LOCK", lock)
    missing, other = checks_environment.packages()
    assert (missing.state, missing.says) == ("note", "not installed: no-such-package")
    assert other.state == "note"
    assert other.says.endswith("instead of 0.1")


def test_a_missing_package_that_the_course_needs_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks_environment, "_version", lambda name: "" if name == "numpy" else "1.0")
    monkeypatch.setattr(checks_environment, "_locked", lambda: {"numpy": {"1.0"}, "rich": {"1.0"}})
    assert [(f.state, f.says) for f in checks_environment.packages()] == [("problem", "not installed: numpy")]


def test_a_folder_that_cannot_be_written_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks_workspace, "MEMORY", tmp_path / "file")
    (tmp_path / "file").write_text("a file where a folder belongs")
    finding = next(checks_workspace.folder())
    assert (finding.state, "Not a directory" in finding.says) == ("problem", True)


def test_a_profiler_that_may_not_trace_is_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks_environment, "_version", lambda name: "" if name == "scalene" else "1.0")
    monkeypatch.setattr(checks_environment, "_tracing_error", lambda: "Permission denied")
    monkeypatch.setattr("shutil.which", lambda name: None)
    missing, present, tracing = checks_environment.profilers()
    assert "not installed: scalene; no compiler" in missing.says
    assert present.says == "memray 1.0, py-spy 1.0"
    assert tracing.state == "note"
    assert "Permission denied" in tracing.says
    assert "--with memray" in tracing.do
