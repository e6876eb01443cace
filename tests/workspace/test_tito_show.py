"""`tito show`: the contract, and the reference beside yours."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tito import course
from workspace_copy import Workspace, copy_workspace

UNBUILT = '    raise NotImplementedError("05.1 multiply_vjp")\n'
BUILT = "    # mine\n    first = g * b\n    return first, g * a\n"
WRONG = "    return g * a, g * b\n"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return copy_workspace(tmp_path)


def test_the_contract_says_what_to_build_and_not_how(workspace):
    run = workspace.tito("show", "05.1")
    exercise = course.exercise("05.1")
    assert run.returncode == 0
    assert "def multiply_vjp(" in run.stdout
    assert ">>> multiply_vjp(" in run.stdout
    assert "return g * b" not in run.stdout
    head, state, place = run.stdout.splitlines()[:3]
    assert head == (
        f"05.1 multiply_vjp   {exercise.points} points, about {exercise.minutes} minutes, "
        f"difficulty {exercise.difficulty} of 5"
    )
    assert state == "  state    not built"
    assert place.startswith("  type in  modules/05_autograd/autograd.py:")
    assert not workspace.remembered("read.json").exists()


def test_json_holds_the_same(workspace):
    answer = workspace.json("show", "multiply_vjp")
    assert (answer["exercise"], answer["state"], answer["file"]) == (
        "05.1",
        "unbuilt",
        "modules/05_autograd/autograd.py",
    )
    assert answer["contract"].startswith("@vjp(multiply)\ndef multiply_vjp(")
    assert "reference" not in answer


def test_a_line_of_the_file_means_its_exercise(workspace):
    lines = workspace.mine("autograd").read_text().splitlines()
    number = next(n for n, line in enumerate(lines, 1) if "05.2 matmul_vjp" in line)
    place = f"{workspace.mine('autograd')}:{number}"
    assert workspace.json("show", place)["exercise"] == "05.2"
    assert workspace.json("hint", place)["exercise"] == "05.2"
    assert workspace.json("test", place)["verdicts"] == {"05.2": "skipped"}


def test_the_answer_to_what_is_not_built_is_announced_and_marked(workspace):
    refused = workspace.tito("show", "05.1", "--reference")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == (
        "tito: This shows the answer to 05.1 multiply_vjp, and marks it as read: add --yes if you want that. "
        "A hint instead: tito hint 05.1\n"
    )
    assert not workspace.remembered("read.json").exists()
    run = workspace.tito("show", "05.1", "--reference", "--yes")
    assert run.stderr == ""
    assert "return g * b, g * a" in run.stdout
    assert "05.1 multiply_vjp is marked as read" in run.stdout
    assert workspace.json("status")["modules"][-1]["exercises"][0]["reference"] == "seen"
    workspace.edit("autograd", UNBUILT, "    return g * b, g * a  # typed\n")
    assert workspace.json("show", "05.1")["state"] == "read"


@pytest.mark.skipif(sys.platform == "win32", reason="needs a terminal of its own")
@pytest.mark.parametrize(("typed", "code", "marked"), [("n\n", 1, False), ("y\n", 0, True)])
def test_at_a_terminal_it_asks_first(workspace, typed, code, marked):
    import pty

    ours, theirs = pty.openpty()
    os.write(ours, typed.encode())
    command = [sys.executable, "-m", "tito", "show", "05.1", "--reference"]
    environment = workspace.environment()
    child = subprocess.Popen(command, cwd=workspace.root, env=environment, stdin=theirs, stdout=theirs, stderr=theirs)
    assert child.wait(timeout=120) == code
    said = os.read(ours, 100_000).decode()
    os.close(ours)
    os.close(theirs)
    assert "Show the answer? [y/N]" in said
    assert ("return g * b, g * a" in said) is marked
    assert workspace.remembered("read.json").exists() is marked


def test_yours_stands_beside_the_reference_where_there_is_room(workspace):
    workspace.edit("autograd", UNBUILT, BUILT)
    wide = workspace.tito("show", "05.1", "--reference", "--yes", COLUMNS="160").stdout.splitlines()
    narrow = workspace.tito("show", "05.1", "--reference", "--yes", COLUMNS="30").stdout.splitlines()
    assert any(line.split() == ["yours", "the", "reference"] for line in wide)
    assert any("# mine" in line and "return g * b, g * a" in line for line in wide)
    assert [line for line in narrow if line in ("yours", "the reference")] == ["yours", "the reference"]
    assert not any("# mine" in line and "return g * b" in line for line in narrow)


def test_what_is_right_is_not_marked(workspace):
    workspace.edit("autograd", UNBUILT, BUILT)
    assert workspace.tito("test", "05.1").returncode == 0
    run = workspace.tito("show", "05.1", "--reference")
    assert (run.returncode, run.stderr) == (0, "")
    assert "Yours is built and right" in run.stdout
    assert not workspace.remembered("read.json").exists()


def test_what_is_wrong_is_marked_and_stays_yours(workspace):
    workspace.edit("autograd", UNBUILT, WRONG)
    workspace.tito("test", "05.1")
    answer = workspace.json("show", "05.1", "--reference")
    assert (answer["verdict"], answer["yours"], answer["reference"]) == (
        "failed",
        "return g * a, g * b",
        "return g * b, g * a",
    )
    assert workspace.json("show", "05.1")["state"] == "built"
    assert "its reference was read" in workspace.tito("show", "05.1").stdout


def test_a_file_that_cannot_be_parsed_still_shows_the_contract(workspace):
    workspace.mine("autograd").write_text("x = (\n")
    run = workspace.tito("show", "05.1", "--reference", "--yes")
    assert run.returncode == 0
    assert "your file can't be used" in run.stdout
    assert "modules/05_autograd/autograd.py:1" in run.stdout
    assert "return g * b, g * a" in run.stdout


@pytest.mark.parametrize(("name", "says"), [("05.99", "05."), ("05", "name one of its exercises"), ("mul_vjp", "_vjp")])
def test_an_unknown_name_gets_the_nearest(workspace, name, says):
    run = workspace.tito("show", name, "--json")
    assert run.returncode == 2
    assert says in json.loads(run.stdout)["error"]
