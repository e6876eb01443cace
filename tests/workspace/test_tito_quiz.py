"""`tito quiz`: questions asked, answers judged and kept."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from workspace_copy import Workspace, copy_workspace

QUESTIONS = """
[[questions]]
ask = "How many?"
choices = ["one", "two", "three"]
right = 2
why = "One for each."

[[questions]]
ask = "And now?"
choices = ["yes", "no"]
right = 1
why = "It is so."
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    found = copy_workspace(tmp_path)
    manifest = found.mine("setup").with_name("module.toml")
    alone = manifest.read_text().partition("[[questions]]")[0].partition("[[capabilities]]")[0]
    manifest.write_text(f"{alone}\n{QUESTIONS}")
    return found


def start(workspace: Workspace) -> "subprocess.Popen[str]":
    pipe = subprocess.PIPE
    command = [sys.executable, "-u", "-m", "tito", "quiz", "00"]
    return subprocess.Popen(
        command, cwd=workspace.root, env=workspace.environment(), stdin=pipe, stdout=pipe, stderr=pipe, text=True
    )


def kept(workspace: Workspace) -> object:
    return json.loads(workspace.remembered("quiz.json").read_text())


def test_each_answer_is_judged_at_once_and_kept(workspace):
    out, _ = (child := start(workspace)).communicate("2\n7\nno\n2\n", timeout=120)
    assert child.returncode == 1
    words = " ".join(out.split())
    assert "[1 of 2] How many? 1 one 2 two 3 three your answer: 2 2 is right. One for each." in words
    assert words.count("a number from 1 to 2, then Enter") == 2
    assert words.endswith("2 is wrong: it is 1. It is so. 1 of 2 right.")
    assert kept(workspace) == {"00": {"How many?": 2, "And now?": 2}}
    assert "00 Setup   0 of 1 points   quiz: 1 of 2 right" in workspace.tito("status").stdout


def test_ctrl_c_keeps_what_was_answered(workspace):
    child = start(workspace)
    child.stdin.write("2\n")
    child.stdin.flush()
    while "[2 of 2]" not in child.stdout.readline():
        pass
    child.stdout.readline()
    child.send_signal(signal.SIGINT)
    _, errors = child.communicate(timeout=120)
    assert child.returncode == 130
    assert "stopped; answered and kept: 1 of 2; tito quiz 00 goes on there" in errors
    assert kept(workspace) == {"00": {"How many?": 2}}
    out, _ = start(workspace).communicate("1\n", timeout=30)
    assert "1 of 2 are answered already" in out
    assert "[1 of 2]" not in out
    assert out.splitlines()[-1] == "2 of 2 right."
    assert kept(workspace) == {"00": {"How many?": 2, "And now?": 1}}


def test_a_worse_time_replaces_no_better_one(workspace):
    workspace.tito("quiz", "00", "--answer", "2,1")
    out, _ = start(workspace).communicate("1\n1\n", timeout=30)
    assert out.splitlines()[-1] == "1 of 2 right. Kept is your best time: 2."
    _, errors = start(workspace).communicate("1\n", timeout=30)
    assert "stopped; what you answered before stays: 2 of 2 right" in errors
    assert kept(workspace) == {"00": {"How many?": 2, "And now?": 1}}


def test_the_end_of_the_input_keeps_what_was_answered(workspace):
    _, errors = (child := start(workspace)).communicate("3\n", timeout=120)
    assert (child.returncode, kept(workspace)) == (1, {"00": {"How many?": 3}})
    assert "answered and kept: 1 of 2" in errors


def test_answers_can_be_given_at_once(workspace):
    run = workspace.tito("quiz", "00", "--answer", "2, 1")
    assert (run.returncode, run.stdout.splitlines()[-1]) == (0, "2 of 2 right.")
    answer = workspace.json("quiz", "00", "--answer", "1,1")
    assert (answer["right"], answer["of"]) == (1, 2)
    assert [(a["answer"], a["right"], a["is_right"]) for a in answer["answers"]] == [(1, 2, False), (1, 1, True)]
    assert kept(workspace) == {"00": {"How many?": 2, "And now?": 1}}


def test_json_without_answers_holds_the_questions_alone(workspace):
    assert workspace.json("quiz", "setup") == {
        "module": "00",
        "questions": [
            {"ask": "How many?", "choices": ["one", "two", "three"]},
            {"ask": "And now?", "choices": ["yes", "no"]},
        ],
    }


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ("1", "00 has 2 questions, but --answer has 1 answer"),
        ("1,3", "'3' is no answer to 'And now?': wanted a number from 1 to 2"),
        ("a,1", "'a' is no answer to 'How many?'"),
    ],
)
def test_answers_that_do_not_fit_are_refused(workspace, answer, says):
    run = workspace.tito("quiz", "00", "--answer", answer)
    assert (run.returncode, says in run.stderr) == (1, True)
    assert not workspace.remembered("quiz.json").exists()


def test_a_module_without_questions_says_so(workspace):
    manifest = workspace.mine("setup").with_name("module.toml")
    manifest.write_text(manifest.read_text().partition("[[questions]]")[0])
    assert workspace.json("quiz", "00") == {"error": "00 Setup has no questions"}


def test_a_damaged_memory_is_laid_aside(workspace):
    workspace.remembered("").mkdir()
    workspace.remembered("quiz.json").write_text("[]")
    run = workspace.tito("quiz", "00", "--answer", "2,1")
    assert "quiz.json is damaged" in run.stderr
    assert kept(workspace) == {"00": {"How many?": 2, "And now?": 1}}
