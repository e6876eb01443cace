"""`tito reset`: the stub comes back, what it replaced is kept, and nothing is ever lost."""

import contextlib
import ctypes
import json
import os
import re
from pathlib import Path

import pytest
from tito import memory
from workspace_copy import Workspace, copy_workspace

PR_CAPBSET_DROP, CAP_DAC_OVERRIDE = 24, 1  # <linux/prctl.h>, <linux/capability.h>
UNBUILT = '        raise NotImplementedError("01.1 Tensor.__add__")\n'
UNBUILT_2 = '        raise NotImplementedError("01.2 Tensor.__matmul__")\n'
BUILT = "        return 'mine'  # é\n"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return copy_workspace(tmp_path)


def build(workspace: Workspace) -> tuple[bytes, bytes]:
    """Build 01.1 and change another line; return the stub and the learner's file."""
    stub = workspace.mine("tensor").read_bytes()
    workspace.edit("tensor", UNBUILT, BUILT)
    workspace.edit("tensor", "import numpy as np\n", "import numpy as np  # my note\n")
    return stub, workspace.mine("tensor").read_bytes()


def kept(workspace: Workspace, answer: dict[str, str]) -> bytes:
    return (workspace.root / answer["kept"]).read_bytes()


def test_a_module_is_reset_and_comes_back(workspace: Workspace) -> None:
    stub, mine = build(workspace)
    answer = workspace.json("reset", "01")
    assert answer.pop("kept").startswith(".tito/kept/")
    assert answer == {"target": "01", "whole_file": True, "file": "modules/01_tensor/tensor.py", "changed": True}
    assert workspace.mine("tensor").read_bytes() == stub
    assert kept(workspace, workspace.json("reset", "--undo")) == stub
    assert workspace.mine("tensor").read_bytes() == mine


def test_each_undo_goes_back_one_reset(workspace: Workspace) -> None:
    build(workspace)
    workspace.edit("tensor", UNBUILT_2, BUILT)
    both = workspace.mine("tensor").read_bytes()
    workspace.json("reset", "01.1")
    second = workspace.mine("tensor").read_bytes()
    workspace.json("reset", "01.2")
    run = workspace.tito("reset", "--undo", TZ="UTC")
    assert re.match(
        r"Your 01\.2 Tensor\.__matmul__ is back in modules/01_tensor/tensor\.py "
        r"as it was before the reset at \d\d:\d\d\.\n"
        r"  what it replaced is kept as  \.tito/kept/\S+/tensor\.py\n"
        r"  one step further back        tito reset --undo   \(01\.1 Tensor\.__add__, reset at \d\d:\d\d\)\n$",
        run.stdout,
    )
    assert workspace.mine("tensor").read_bytes() == second
    assert "Your 01.1 Tensor.__add__ is back" in workspace.tito("reset", "--undo").stdout
    assert workspace.mine("tensor").read_bytes() == both
    run = workspace.tito("reset", "--undo")
    assert (run.returncode, "nothing more to bring back" in run.stderr) == (1, True)
    assert workspace.mine("tensor").read_bytes() == both


def test_undo_says_which_reset_it_undoes_after_one_that_changed_nothing(workspace: Workspace) -> None:
    build(workspace)
    workspace.json("reset", "01.1")
    assert not workspace.json("reset", "01.2")["changed"]
    assert workspace.json("reset", "01.2", "--undo") == {
        "error": "nothing was replaced yet of 01.2 Tensor.__matmul__, so there is nothing to bring back"
    }
    assert "Your 01.1 Tensor.__add__ is back" in workspace.tito("reset", "--undo").stdout


def test_undo_of_one_function_leaves_what_was_edited_since(workspace: Workspace) -> None:
    build(workspace)
    workspace.json("reset", "01.1")
    workspace.edit("tensor", UNBUILT_2, "        return 'since'\n")
    since = workspace.mine("tensor").read_bytes()
    answer = workspace.json("reset", "--undo")
    assert (answer["target"], answer["whole_file"], kept(workspace, answer)) == ("01.1", False, since)
    assert workspace.mine("tensor").read_bytes() == since.replace(UNBUILT.encode(), BUILT.encode())


def test_undo_into_a_file_that_cannot_be_parsed_brings_the_whole_file(workspace: Workspace) -> None:
    _, mine = build(workspace)
    workspace.json("reset", "01.1")
    workspace.mine("tensor").write_bytes(b"x = (\n")
    run = workspace.tito("reset", "--undo")
    assert "and with it the whole file." in run.stdout
    assert workspace.mine("tensor").read_bytes() == mine


def test_undo_of_what_is_back_already_says_so_and_goes_on(workspace: Workspace) -> None:
    _, mine = build(workspace)
    workspace.json("reset", "01.1")
    workspace.mine("tensor").write_bytes(mine)
    assert "is already as it was before the reset at" in workspace.tito("reset", "--undo").stdout
    assert "nothing more to bring back" in workspace.json("reset", "--undo")["error"]
    assert workspace.mine("tensor").read_bytes() == mine


def test_undo_of_one_exercise_passes_over_later_resets(workspace: Workspace) -> None:
    build(workspace)
    workspace.edit("tensor", UNBUILT_2, "        return 'two'\n")
    both = workspace.mine("tensor").read_bytes()
    workspace.json("reset", "01.1")
    workspace.json("reset", "01.2")
    workspace.json("reset", "01.1", "--undo")
    assert workspace.mine("tensor").read_bytes() == both.replace(b"        return 'two'\n", UNBUILT_2.encode())
    assert workspace.json("reset", "--undo")["target"] == "01.2"
    assert workspace.mine("tensor").read_bytes() == both


def test_one_function_is_reset_alone(workspace: Workspace) -> None:
    _, mine = build(workspace)
    answer = workspace.json("reset", "Tensor.__add__")
    assert (answer["target"], answer["whole_file"]) == ("01.1", False)
    assert kept(workspace, answer) == mine
    assert workspace.mine("tensor").read_bytes() == mine.replace(BUILT.encode(), UNBUILT.encode())


def test_the_text_says_where_yours_is_and_how_it_comes_back(workspace: Workspace) -> None:
    build(workspace)
    run = workspace.tito("reset", "01.1")
    assert run.returncode == 0
    assert "The stub of 01.1 Tensor.__add__ is back in modules/01_tensor/tensor.py." in run.stdout
    assert "yours is kept in  .tito/kept/" in run.stdout
    assert "tito reset --undo" in run.stdout


def test_undo_can_be_asked_for_one_module(workspace: Workspace) -> None:
    _, mine = build(workspace)
    workspace.edit("setup", "return 0", "return 1")
    workspace.json("reset", "01")
    workspace.json("reset", "00")
    assert workspace.json("reset", "01", "--undo")["file"] == "modules/01_tensor/tensor.py"
    assert workspace.mine("tensor").read_bytes() == mine
    assert b"return 0" in workspace.mine("setup").read_bytes()


def test_an_untouched_stub_is_left_alone(workspace: Workspace) -> None:
    assert workspace.json("reset", "01") == {
        "target": "01",
        "whole_file": True,
        "file": "modules/01_tensor/tensor.py",
        "changed": False,
        "kept": None,
    }
    assert not workspace.remembered("kept").exists()


@pytest.mark.parametrize("target", ["01", "01.1"])
def test_a_deleted_file_comes_back_whole_and_undo_removes_it_again(workspace: Workspace, target: str) -> None:
    path = workspace.mine("tensor")
    stub = path.read_bytes()
    path.unlink()
    answer = workspace.json("reset", target)
    assert (answer["whole_file"], answer["kept"]) == (True, None)
    assert path.read_bytes() == stub
    assert workspace.json("reset", "--undo")["changed"]
    assert not path.exists()


@pytest.mark.parametrize("target", ["01", "01.1"])
def test_undo_never_removes_what_was_typed_since(workspace: Workspace, target: str) -> None:
    path = workspace.mine("tensor")
    path.unlink()
    workspace.json("reset", target)
    _, mine = build(workspace)
    run = workspace.tito("reset", "--undo")
    assert run.returncode == 0
    assert "modules/01_tensor/tensor.py was not there before the reset at" in run.stdout
    assert "It was edited since, so it stays" in run.stdout
    assert path.read_bytes() == mine
    assert "nothing more to bring back" in workspace.json("reset", "--undo")["error"]


def test_in_a_file_that_cannot_be_parsed_only_the_whole_module_is_reset(workspace: Workspace) -> None:
    stub = workspace.mine("tensor").read_bytes()
    workspace.edit("tensor", UNBUILT, "        return (\n")
    broken = workspace.mine("tensor").read_bytes()
    run = workspace.tito("reset", "01.1")
    assert (run.returncode, run.stdout) == (1, "")
    assert "modules/01_tensor/tensor.py:" in run.stderr
    assert "'(' was never closed" in run.stderr
    assert "tito reset 01" in run.stderr
    assert workspace.mine("tensor").read_bytes() == broken
    assert kept(workspace, workspace.json("reset", "01")) == broken
    assert workspace.mine("tensor").read_bytes() == stub


def test_a_file_that_hangs_when_imported_can_be_reset(workspace: Workspace) -> None:
    stub = workspace.mine("tensor").read_bytes()
    workspace.mine("tensor").write_bytes(stub + b"while True:\n    pass\n")
    assert workspace.json("reset", "01")["changed"]
    assert workspace.mine("tensor").read_bytes() == stub


def test_the_files_mode_stays(workspace: Workspace) -> None:
    build(workspace)
    workspace.mine("tensor").chmod(0o640)
    workspace.json("reset", "01")
    assert workspace.mine("tensor").stat().st_mode & 0o777 == 0o640


def test_where_nothing_can_be_kept_nothing_is_replaced(workspace: Workspace) -> None:
    _, mine = build(workspace)
    (workspace.root / ".tito").write_text("a file where a folder belongs")
    run = workspace.tito("reset", "01")
    assert run.returncode == 1
    assert "can't be kept in .tito/kept" in run.stderr
    assert workspace.mine("tensor").read_bytes() == mine


def test_a_read_only_folder_is_named_and_the_file_stays(workspace: Workspace) -> None:
    _, mine = build(workspace)
    folder = workspace.mine("tensor").parent
    folder.chmod(0o555)
    try:
        run = workspace.tito("reset", "01", before=without_roots_rights)
        if run.returncode == 0 and os.geteuid() == 0:
            pytest.skip("root writes everywhere, and its right to do so can't be dropped here")
    finally:
        folder.chmod(0o755)
    assert run.returncode == 1
    assert "modules/01_tensor/tensor.py can't be written: Permission denied" in run.stderr
    assert workspace.mine("tensor").read_bytes() == mine
    assert sorted(p.name for p in folder.iterdir() if "tensor.py" in p.name) == ["tensor.py"]


def without_roots_rights() -> None:
    """Drop the right to write where the mode forbids it, for what this process becomes."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0)


def test_a_damaged_note_is_named_and_what_was_kept_stays(workspace: Workspace) -> None:
    _, mine = build(workspace)
    copy = workspace.root / workspace.json("reset", "01")["kept"]
    copy.parents[2].joinpath("kept.json").write_text("{")
    run = workspace.tito("reset", "--undo")
    assert run.returncode == 1
    assert "kept.json is damaged" in run.stderr
    assert copy.read_bytes() == mine


def test_a_note_never_leads_out_of_the_learners_files(workspace: Workspace) -> None:
    build(workspace)
    copy = workspace.root / workspace.json("reset", "01")["kept"]
    copy.parents[2].joinpath("kept.json").write_text(json.dumps({"file": "../outside.py", "existed": True}))
    assert "nothing more to bring back" in workspace.json("reset", "--undo")["error"]


def test_without_a_target_or_with_an_unknown_one_it_says_so(workspace: Workspace) -> None:
    assert "tito reset 05.3" in workspace.json("reset")["error"]
    assert workspace.tito("reset", "05.99").returncode == 2
    assert "nothing was replaced yet" in workspace.json("reset", "--undo")["error"]


def test_an_interrupted_write_leaves_the_old_file_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "tensor.py"
    path.write_text("mine")

    def interrupt(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        memory.write_whole(path, b"stub")
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("tensor.py", "mine")]
