"""What a `module.toml` may say besides its exercises, and what is said about a wrong one."""

from pathlib import Path

import pytest
from tito import course
from tito.milestones import MILESTONES
from workspace_copy import Workspace, copy_workspace

QUESTION = '[[questions]]\nask = "Why?"\nchoices = ["a", "b"]\nright = {right}\nwhy = "so"\n'
CAPABILITY = '[[capabilities]]\ncan = "add."\nproof = {proof}\n'
ENTRIES = QUESTION.format(right=2) + CAPABILITY.format(proof='["01.1", "milestone digits"]')


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return copy_workspace(tmp_path)


def add(workspace: Workspace, text: str) -> None:
    """Put text behind the only exercise of module 00."""
    manifest = workspace.mine("setup").with_name("module.toml")
    alone = manifest.read_text().partition("[[questions]]")[0].partition("[[capabilities]]")[0]
    manifest.write_text(f"{alone}\n{text}")


def read(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> course.Module:
    monkeypatch.setattr(course, "ROOT", workspace.root)
    return course._read(workspace.mine("setup").with_name("module.toml"))


def test_questions_and_capabilities_are_read(workspace, monkeypatch):
    add(workspace, ENTRIES)
    module = read(workspace, monkeypatch)
    assert module.questions == (course.Question("Why?", ("a", "b"), 2, "so"),)
    assert module.capabilities == (course.Capability("add.", ("01.1", "milestone digits")),)
    assert (module.capabilities[0].exercises, module.capabilities[0].milestones) == (("01.1",), ("digits",))


def test_one_proof_may_stand_without_a_list(workspace, monkeypatch):
    add(workspace, CAPABILITY.format(proof='"milestone digits"'))
    assert read(workspace, monkeypatch).capabilities[0].proof == ("milestone digits",)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (QUESTION.format(right=3), "question 'Why?': right is 3, but it has the choices 1 to 2"),
        (QUESTION.format(right=0), "question 'Why?': right is 0, but it has the choices 1 to 2"),
        (QUESTION.format(right='"b"'), "[[questions]] 1: right has to be a number, found 'b'"),
        (QUESTION.format(right=1).replace('"b"', "2"), "[[questions]] 1: choices has to be a list of texts, found"),
        (QUESTION.format(right=1).replace("why", "because"), "[[questions]] 1: why is missing"),
        (
            QUESTION.format(right=1) + 'hint = ""\n',
            "1: hint is unknown; there are ask, choices, right, why",
        ),
        (ENTRIES + '[[capabilities]]\ncan = "x"\nproof = []\n', "[[capabilities]] 2: proof has to be a list of texts"),
        (CAPABILITY.format(proof='["01.19"]'), "the proof '01.19' is no exercise; wanted an id such as"),
        ("[questions]\n", "questions has to be written as [[questions]]"),
        ("[[questions]\n", "module.toml: Expected"),
    ],
)
def test_a_wrong_manifest_says_what_is_wrong(workspace, text, says):
    add(workspace, text)
    run = workspace.tito("status", "--json")
    assert run.returncode == 1
    assert "modules/00_setup/module.toml: " in run.stdout
    assert says in run.stdout.replace('\\"', '"')
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize("module", course.modules(), ids=lambda m: m.number)
def test_every_milestone_that_proves_something_is_there(module):
    assert {name for c in module.capabilities for name in c.milestones} <= set(MILESTONES)
