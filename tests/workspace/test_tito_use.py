"""`tito use`: a module set aside, and taken again."""

from pathlib import Path

import pytest
from tito import course
from workspace_copy import Workspace, copy_workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return copy_workspace(tmp_path)


def test_a_module_is_set_aside_and_taken_again(workspace: Workspace) -> None:
    before = workspace.mine("tensor").read_bytes()
    answer = workspace.json("use", "reference", "tensor")
    assert answer == {"module": "01", "use": "reference", "changed": True, "aside": ["01"]}
    assert workspace.json("use", "reference", "5")["aside"] == ["01", "05"]
    assert workspace.remembered("aside").read_text() == "01\n05\n"
    states = [e["state"] for module in workspace.json("status")["modules"] for e in module["exercises"]]
    assert states.count("aside") == sum(len(course.module(number).exercises) for number in ("01", "05"))
    assert workspace.json("use", "mine", "01")["aside"] == ["05"]
    assert workspace.mine("tensor").read_bytes() == before


def test_what_holds_already_is_said(workspace: Workspace) -> None:
    run = workspace.tito("use", "mine", "01")
    assert run.returncode == 0
    assert "your code runs already" in run.stdout
    assert not workspace.remembered("aside").exists()


def test_one_exercise_cannot_be_set_aside(workspace: Workspace) -> None:
    run = workspace.tito("use", "reference", "05.1")
    assert run.returncode == 1
    assert "tito use reference 05" in run.stderr


@pytest.mark.parametrize("arguments", [("reference", "77"), ("theirs", "05")], ids=["module", "whose"])
def test_an_unknown_name_changes_nothing(workspace: Workspace, arguments: tuple[str, str]) -> None:
    assert workspace.tito("use", *arguments).returncode == 2
    assert not workspace.remembered("aside").exists()


def test_a_line_that_is_no_module_is_named_and_stays(workspace: Workspace) -> None:
    workspace.remembered("aside").parent.mkdir()
    workspace.remembered("aside").write_text("99\n")
    run = workspace.tito("use", "reference", "01")
    assert "names 99, which is no module" in run.stderr
    assert workspace.remembered("aside").read_text() == "01\n99\n"


def test_a_file_that_cannot_be_read_stays(workspace: Workspace) -> None:
    workspace.remembered("aside").parent.mkdir()
    workspace.remembered("aside").write_bytes(b"\xff\xfe")
    run = workspace.tito("use", "reference", "01")
    assert run.returncode == 1
    assert ".tito/aside can't be read" in run.stderr
    assert workspace.remembered("aside").read_bytes() == b"\xff\xfe"


def test_mine_says_that_a_variable_overrides_it(workspace: Workspace) -> None:
    assert "unset TINYTORCH" in workspace.tito("use", "mine", "01", TINYTORCH="reference").stderr
