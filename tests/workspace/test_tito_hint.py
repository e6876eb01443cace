"""`tito hint`: one more each time, and nothing lost where its memory is damaged."""

import json
from pathlib import Path

import pytest
from tito import course
from workspace_copy import Workspace, copy_workspace

HINTS = course.exercise("01.2").hints


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return copy_workspace(tmp_path)


def levels(answer: dict[str, list[dict[str, int]]]) -> list[int]:
    return [hint["level"] for hint in answer["hints"]]


def test_each_call_shows_one_more_hint_and_the_last_one_stays(workspace: Workspace) -> None:
    shown = [levels(workspace.json("hint", "01.2")) for _ in range(4)]
    assert shown == [[1], [2], [3], [3]]
    assert json.loads(workspace.remembered("hints.json").read_text()) == {"01.2": 3}


def test_a_chosen_level_shows_that_one_alone_and_is_not_counted(workspace: Workspace) -> None:
    answer = workspace.json("hint", "01.2", "--level", "2")
    assert answer == {
        "exercise": "01.2",
        "function": "Tensor.__matmul__",
        "hints": [{"level": 2, "text": HINTS[1]}],
        "of": 3,
    }
    assert not workspace.remembered("hints.json").exists()


def test_text_says_how_many_there_are_and_spoils_no_more(workspace: Workspace) -> None:
    run = workspace.tito("hint", "01.2")
    words = " ".join(run.stdout.split())
    assert run.returncode == 0
    assert "01.2 Tensor.__matmul__ hint 1 of 3" in words
    assert HINTS[0] in words
    assert HINTS[1] not in words
    assert max(map(len, run.stdout.splitlines())) <= 80


def test_all_shows_every_hint(workspace: Workspace) -> None:
    words = " ".join(workspace.tito("hint", "01.2", "--all").stdout.split())
    assert all(hint in words for hint in HINTS)


def test_a_damaged_memory_is_named_and_laid_aside(workspace: Workspace) -> None:
    damaged = workspace.remembered("hints.json")
    damaged.parent.mkdir()
    damaged.write_text('{"01.2": 2,')
    run = workspace.tito("hint", "01.2", "--json")
    assert run.returncode == 0
    assert levels(json.loads(run.stdout)) == [1]
    assert ".tito/hints.json is damaged" in run.stderr
    assert [p.read_text() for p in damaged.parent.glob("hints.json.damaged-*")] == ['{"01.2": 2,']


def test_a_memory_that_cannot_be_written_still_gives_the_hint(workspace: Workspace) -> None:
    (workspace.root / ".tito").write_text("a file where a folder belongs")
    run = workspace.tito("hint", "01.2", "--json")
    assert run.returncode == 0
    assert levels(json.loads(run.stdout)) == [1]
    assert "can't be remembered" in run.stderr


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("01.19", "did you mean 01."),
        ("01", "name one of its exercises: 01.1, 01.2, 01.3"),
        ("matmull_vjp", "matmul_vjp"),
    ],
    ids=["no such exercise", "a module", "a typing error"],
)
def test_an_unknown_name_is_answered_with_the_nearest(workspace: Workspace, name: str, says: str) -> None:
    run = workspace.tito("hint", name, "--json")
    assert run.returncode == 2
    assert says in json.loads(run.stdout)["error"]
