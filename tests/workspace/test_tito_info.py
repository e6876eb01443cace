"""`tito info`: what a bug report needs."""

import importlib.metadata
import platform
from pathlib import Path

import pytest
from workspace_copy import Workspace, copy_workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return copy_workspace(tmp_path)


def test_it_says_what_runs_here(workspace):
    answer = workspace.json("info", HOME=str(workspace.root.parent))
    assert answer["release"].startswith("TinyTorch ")
    assert answer["yours"] == "nothing of yours yet: the reference runs"
    assert answer["python"].startswith(platform.python_version())
    assert answer["workspace"] == f"~/{workspace.root.name}"
    assert answer["packages"]["numpy"] == importlib.metadata.version("numpy")
    assert set(answer["optional"]) == {"torch", "py-spy", "memray", "scalene"}


def test_text_has_a_line_for_each_fact(workspace):
    run = workspace.tito("info", TINYTORCH="reference")
    assert run.returncode == 0
    assert [line.split()[0] for line in run.stdout.splitlines()] == list(workspace.json("info"))
    assert "TINYTORCH reference" in run.stdout
    assert "terminal     none: this goes into a file" in run.stdout


def test_what_is_yours_and_every_variable_that_changes_things_is_said_once(workspace):
    workspace.edit("setup", "return 0", "return 1")
    lines = workspace.tito("info", PYTHONDONTWRITEBYTECODE="1").stdout.splitlines()
    assert lines[1].startswith("yours        00 1/1")
    assert any(line.startswith("variables") and "PYTHONDONTWRITEBYTECODE 1" in line for line in lines)


def test_a_package_that_cannot_be_imported_is_part_of_the_report(workspace):
    (workspace.root / "tinytorch" / "__init__.py").write_text("raise OSError('no')\n")
    run = workspace.tito("info")
    assert run.returncode == 0
    assert "can't be said: OSError: no" in run.stdout
