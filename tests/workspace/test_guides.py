"""The guides and the README: their commands run, their links lead somewhere, their exercises are the manifest's."""

import re
import shlex
from pathlib import Path

import pytest
from tito import course
from workspace_copy import ROOT, Workspace, copy_workspace

GUIDES = [m.folder / "README.md" for m in course.modules()]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *GUIDES]
COMMAND = re.compile(r"^    (tito .+?)(?: {2,}#.*)?$|`(tito [^`]+)`", re.MULTILINE)
ENDLESS = ("tito watch",)  # it ends with Ctrl-C; tests of its own run it


def commands() -> list[str]:
    """Return every `tito` command that a page prints, once."""
    found = [a or b for page in PAGES for a, b in COMMAND.findall(page.read_text(encoding="utf-8"))]
    return sorted({command for command in found if not command.startswith(ENDLESS)})


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return copy_workspace(tmp_path_factory.mktemp("guides"))


@pytest.mark.timeout(120)
@pytest.mark.parametrize("command", commands())
def test_a_printed_command_runs(workspace, command):
    run = workspace.tito(*shlex.split(command)[1:])
    assert run.returncode in (0, 1), run.stderr  # 1: what was asked for does not hold, as nothing is built; 2: misuse
    assert "Traceback" not in run.stdout + run.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", [PAGES[0], *GUIDES], ids=lambda page: page.relative_to(ROOT).as_posix())
def test_lines_are_short_enough_for_a_terminal(page):
    lines = page.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if len(line) > 120 and not line.startswith("|")] == []  # a table's row is one line


@pytest.mark.parametrize("module", course.modules(), ids=lambda module: module.number)
def test_a_guide_has_a_task_for_each_exercise(module):
    guide = (module.folder / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"^##(?: Task|#) (\S+) `([^`]+)`", guide, re.MULTILINE) == [
        (e.id, e.function) for e in module.exercises
    ]


@pytest.mark.parametrize("module", course.modules(), ids=lambda module: module.number)
def test_hints_are_three_and_short(module):
    for exercise in module.exercises:
        assert len(exercise.hints) == 3
        assert all(len(hint.split()) <= 50 for hint in exercise.hints)


def test_a_guides_test_names_are_those_of_its_tests():
    for module in course.modules():
        guide = (module.folder / "README.md").read_text(encoding="utf-8")
        tests = module.tests.read_text(encoding="utf-8")
        assert [name for name in re.findall(r"`(test_\w+)`", guide) if f"def {name}(" not in tests] == []


def test_launches_and_tasks_that_a_guide_names_are_there():
    labels = "".join((ROOT / ".vscode" / name).read_text(encoding="utf-8") for name in ("tasks.json", "launch.json"))
    for page in GUIDES:
        named = re.findall(r"(?:task|choose|press F5,) \*([^*]+)\*", page.read_text(encoding="utf-8"))
        assert [name for name in named if f'"{name}"' not in labels] == [], Path(page).name
