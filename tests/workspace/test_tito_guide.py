"""`tito guide`: the guide in the editor, or as text where there is none."""

import os
from pathlib import Path

import pytest
from workspace_copy import Workspace, copy_workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return copy_workspace(tmp_path)


def test_without_an_editor_the_text_is_printed_no_wider_than_the_terminal(workspace):
    run = workspace.tito("guide", "05", TERM_PROGRAM="")
    assert run.returncode == 0
    assert "05 Autograd: walking back" in run.stdout
    assert run.stdout.rstrip().endswith("modules/05_autograd/README.md")
    assert max(map(len, run.stdout.splitlines())) <= 80


def test_any_file_of_a_module_means_its_guide(workspace):
    assert workspace.json("guide", str(workspace.mine("tensor"))) == {"guide": "modules/01_tensor/README.md"}


@pytest.mark.parametrize(("ends", "opened"), [(0, True), (1, False)])
def test_in_the_editors_terminal_its_own_command_opens_it(workspace, ends, opened):
    folder = workspace.root / "editor"
    folder.mkdir()
    (folder / "code").write_text(f'#!/bin/sh\nprintf "%s" "$2" > "{folder}/asked"\nexit {ends}\n')
    (folder / "code").chmod(0o755)
    run = workspace.tito("guide", "00", TERM_PROGRAM="vscode", PATH=f"{folder}{os.pathsep}{os.environ['PATH']}")
    assert run.returncode == 0
    guide = workspace.root / "modules/00_setup/README.md"
    assert (folder / "asked").read_text() == str(guide)
    assert (run.stdout == "opened modules/00_setup/README.md\n") is opened
    assert ("Your first red to green" in run.stdout or "parameter_count" in run.stdout) is not opened


def test_an_unknown_module_is_one_line_with_the_nearest_names(workspace):
    run = workspace.tito("guide", "autogard")
    assert run.returncode == 2
    assert "autograd" in run.stderr
    assert len(run.stderr.splitlines()) == 1
