"""`tito solve`: the reference's body in the learner's file, which is read and not built."""

import json
from pathlib import Path

import pytest
from workspace_copy import Workspace, copy_workspace

UNBUILT = '    raise NotImplementedError("05.1 multiply_vjp")\n'
SOLVED = "    return g * b, g * a\n"
OWN = "    first = g * b\n    return first, g * a\n"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return copy_workspace(tmp_path)


def state(workspace: Workspace) -> tuple[str, str | None]:
    row = workspace.json("status")["modules"][-1]["exercises"][0]
    return row["state"], row["reference"]


def test_only_the_body_changes_and_it_is_read_not_built(workspace):
    stub = workspace.mine("autograd").read_bytes()
    answer = workspace.json("solve", "05.1")
    assert (answer["exercise"], answer["changed"]) == ("05.1", True)
    assert workspace.mine("autograd").read_bytes() == stub.replace(UNBUILT.encode(), SOLVED.encode())
    assert (workspace.root / answer["kept"]).read_bytes() == stub
    assert state(workspace) == ("read", "read")


def test_it_runs_and_never_counts(workspace):
    workspace.tito("solve", "05.1")
    run = workspace.tito("test", "05.1")
    assert run.returncode == 1
    assert "read      05.1 multiply_vjp: the reference's body, not built" in run.stdout
    assert "right" not in run.stdout
    assert run.stdout.startswith("nothing of yours yet: the reference runs; 05.1 is read, not built\n")
    assert workspace.json("test", "05.1")["verdicts"] == {"05.1": "read"}
    status = workspace.tito("status").stdout
    assert "05 Autograd   0 of" in status
    assert "read, not built" in status


def test_undo_brings_back_what_was_there(workspace):
    stub = workspace.mine("autograd").read_bytes()
    workspace.tito("solve", "05.1")
    run = workspace.tito("reset", "--undo")
    assert (
        "Your 05.1 multiply_vjp is back in modules/05_autograd/autograd.py as it was before the solve at" in run.stdout
    )
    assert workspace.mine("autograd").read_bytes() == stub
    assert state(workspace) == ("unbuilt", "seen")


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        ("    # I see\n    return (g * b,\n            g * a)\n", ("read", "read")),
        ("    return b * g, g * a\n", ("built", "seen")),
    ],
    ids=["comments and spaces", "another expression"],
)
def test_what_makes_it_yours_again(workspace, new, expected):
    workspace.tito("solve", "05.1")
    workspace.edit("autograd", SOLVED, new)
    assert state(workspace) == expected


def test_after_a_reset_the_same_body_is_yours(workspace):
    workspace.tito("solve", "05.1")
    workspace.tito("reset", "05.1")
    assert state(workspace) == ("unbuilt", None)
    workspace.edit("autograd", UNBUILT, SOLVED)
    assert state(workspace) == ("built", None)


def test_the_undo_of_that_reset_makes_it_read_again(workspace):
    workspace.tito("solve", "05.1")
    workspace.tito("reset", "05")
    workspace.tito("reset", "--undo")
    assert state(workspace) == ("read", "read")


def test_after_the_undo_of_a_solve_the_same_body_is_yours_and_known_to_be_read(workspace):
    workspace.tito("solve", "05.1")
    workspace.tito("reset", "--undo")
    workspace.edit("autograd", UNBUILT, SOLVED)
    assert state(workspace) == ("built", "seen")
    workspace.tito("reset", "05.1")
    workspace.tito("reset", "--undo")
    assert state(workspace) == ("built", None)  # that reset took the mark away; its undo brings none back


def test_an_undo_that_changes_nothing_touches_no_mark(workspace):
    workspace.tito("solve", "05.1")
    workspace.tito("reset", "05.1")
    workspace.edit("autograd", UNBUILT, SOLVED)
    assert state(workspace) == ("built", None)
    assert "nothing was changed" in workspace.tito("reset", "--undo").stdout
    assert state(workspace) == ("built", None)


def test_the_undo_of_a_solve_that_made_the_file_leaves_an_answer_that_stays_marked(workspace):
    workspace.mine("autograd").unlink()
    workspace.tito("solve", "05.1")
    workspace.edit("autograd", "    return g * b, g * a\n", "    return g * b, g * a  # edited\n")
    assert "so it stays" in workspace.tito("reset", "--undo").stdout
    assert state(workspace) == ("read", "read")


def test_what_is_built_is_replaced_only_when_forced_and_kept(workspace):
    workspace.edit("autograd", UNBUILT, OWN)
    mine = workspace.mine("autograd").read_bytes()
    run = workspace.tito("solve", "05.1")
    assert (run.returncode, run.stdout) == (1, "")
    assert "tito solve 05.1 --force" in run.stderr
    assert workspace.mine("autograd").read_bytes() == mine
    assert not workspace.remembered("read.json").exists()
    assert (workspace.root / workspace.json("solve", "05.1", "--force")["kept"]).read_bytes() == mine
    assert state(workspace) == ("read", "read")
    workspace.tito("reset", "--undo")
    assert workspace.mine("autograd").read_bytes() == mine
    assert state(workspace) == ("built", "seen")


def test_again_changes_nothing(workspace):
    workspace.tito("solve", "05.1")
    before = workspace.mine("autograd").read_bytes()
    assert workspace.json("solve", "05.1") == {
        "exercise": "05.1",
        "file": "modules/05_autograd/autograd.py",
        "changed": False,
        "kept": None,
    }
    assert workspace.mine("autograd").read_bytes() == before


def test_a_file_that_cannot_be_parsed_stays(workspace):
    workspace.mine("autograd").write_text("x = (\n")
    run = workspace.tito("solve", "05.1")
    assert run.returncode == 1
    assert "modules/05_autograd/autograd.py:1 can't be parsed" in run.stderr
    assert workspace.mine("autograd").read_text() == "x = (\n"
    assert not workspace.remembered("read.json").exists()


def test_a_file_that_is_gone_comes_back_as_the_stub_with_the_body(workspace):
    stub = workspace.mine("autograd").read_bytes()
    workspace.mine("autograd").unlink()
    workspace.tito("solve", "05.1")
    assert workspace.mine("autograd").read_bytes() == stub.replace(UNBUILT.encode(), SOLVED.encode())


def test_a_file_that_hangs_when_imported_can_be_solved(workspace):
    with workspace.mine("autograd").open("a") as file:
        file.write("while True:\n    pass\n")
    assert workspace.json("solve", "05.1")["changed"]


def test_the_value_that_00_starts_with_is_not_built(workspace):
    workspace.edit("setup", "    return 0\n", "    return 0  # hm\n")
    assert workspace.json("solve", "00.1")["changed"]


def test_a_record_that_cannot_be_written_changes_no_file(workspace):
    stub = workspace.mine("autograd").read_bytes()
    workspace.remembered("").write_text("a file where a folder belongs")
    run = workspace.tito("solve", "05.1")
    assert run.returncode == 1
    assert ".tito" in run.stderr
    assert workspace.mine("autograd").read_bytes() == stub


def test_a_damaged_record_is_laid_aside(workspace):
    workspace.remembered("").mkdir()
    workspace.remembered("read.json").write_text("{")
    assert workspace.tito("status").stderr.count("read.json is damaged") == 1
    assert "read.json is damaged" in workspace.tito("solve", "05.1").stderr
    assert list(json.loads(workspace.remembered("read.json").read_text())) == ["05.1"]
    assert [p.read_text() for p in workspace.remembered("").glob("read.json.damaged-*")] == ["{"]
