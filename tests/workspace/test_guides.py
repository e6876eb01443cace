"""The guides and the README: their commands run, their links lead somewhere, their exercises are the manifest's."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from tito import course
from workspace_copy import ROOT, Workspace, copy_workspace

GUIDES = [m.folder / "README.md" for m in course.modules()]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *GUIDES]
COMMAND = re.compile(r"^    (tito .+?)(?: {2,}#.*)?$|`(tito [^`]+)`", re.MULTILINE)
ENDLESS = ("tito watch",)  # it ends with Ctrl-C; tests of its own run it


# A module in full form is built like 01; 00 stays short.
OTHER_FORM = ("00",)
BEFORE_TASKS = ("See it work", "Why it exists", "The idea", "Contract")
BEHIND_TASKS = ("Use it", "Debug it", "Checkpoint", "Profile", "Optimize", "In real frameworks", "Done when")
DIFFICULTIES = {1: "easy", 2: "medium", 3: "hard", 4: "very hard", 5: "open-ended"}
full_form = pytest.mark.parametrize(
    "module", [m for m in course.modules() if m.number not in OTHER_FORM], ids=lambda module: module.number
)


def commands() -> list[str]:
    """Return every `tito` command that a page prints, once."""
    found = [a or b for page in PAGES for a, b in COMMAND.findall(page.read_text(encoding="utf-8"))]
    return sorted({command for command in found if not command.startswith(ENDLESS)})


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return copy_workspace(tmp_path_factory.mktemp("guides"))


@pytest.mark.timeout(600)
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


def text_of(module: course.Module) -> str:
    return (module.folder / "README.md").read_text(encoding="utf-8")


def section(guide: str, name: str) -> str:
    """Return what stands under a heading of the second level."""
    return guide.partition(f"\n## {name}\n")[2].partition("\n## ")[0]


@pytest.mark.parametrize("module", course.modules(), ids=lambda module: module.number)
def test_a_guide_has_a_heading_for_each_exercise(module):
    headings = re.findall(r"^## Task (\S+) `([^`]+)`|^### (\S+) `([^`]+)`", text_of(module), re.MULTILINE)
    assert [tuple(filter(None, found)) for found in headings] == [(e.id, e.function) for e in module.exercises]


@full_form
def test_a_heading_says_how_hard_an_exercise_is_and_how_long_it_takes(module):
    found = re.findall(r"^### (\S+) `[^`]+` \((.+), (\d+) minutes\)$", text_of(module), re.MULTILINE)
    assert found == [(e.id, DIFFICULTIES[e.difficulty], str(e.minutes)) for e in module.exercises]


@full_form
def test_a_guide_has_all_sections_in_order(module):
    found = re.findall(r"^## (.+)$", text_of(module), re.MULTILINE)
    tasks = [re.fullmatch(r"Task ([A-F]): .+ \((\d+) minutes\)", name) for name in found]
    letters = [task[1] for task in tasks if task]
    assert "ABCDEF".startswith("".join(letters))
    assert 3 <= len(letters) <= 6
    assert [name for name, task in zip(found, tasks, strict=True) if not task] == [*BEFORE_TASKS, *BEHIND_TASKS]
    assert [bool(task) for task in tasks].index(True) == len(BEFORE_TASKS)


@full_form
def test_a_task_takes_as_long_as_its_exercises(module):
    for task in re.split(r"^## Task ", text_of(module), flags=re.MULTILINE)[1:]:
        head, *_ = task.partition("\n")
        minutes = [int(found) for found in re.findall(r"^### .+, (\d+) minutes\)$", task, re.MULTILINE)]
        assert f"({sum(minutes)} minutes)" in head


@full_form
def test_a_guide_is_as_long_as_its_template_says(module):
    guide = text_of(module)
    prose = re.sub(r"(?s)^```.*?^```$", "", guide, flags=re.MULTILINE)
    prose = re.sub(r"^ {4}.*$", "", prose, flags=re.MULTILINE)
    assert 1400 <= len(prose.split()) <= 2200
    assert 2 <= guide.count("```mermaid\n") <= 4


@full_form
def test_each_exercise_says_how_it_is_judged(module):
    parts = re.split(r"^### ", text_of(module), flags=re.MULTILINE)[1:]
    assert [e.id for e, part in zip(module.exercises, parts, strict=True) if f"`tito test {e.id}`" not in part] == []


@full_form
def test_a_checkpoint_asks_the_quizs_questions(module):
    checkpoint = " ".join(section(text_of(module), "Checkpoint").split())
    found = re.findall(r"\d\. (.+?) <details><summary>Answer</summary>(.+?)</details>", checkpoint)
    assert 3 <= len(found) <= 5
    assert found == [(question.ask, question.why) for question in module.questions]


@full_form
def test_optimize_shows_what_each_budget_was_and_became(module):
    optimize = section(text_of(module), "Optimize")
    assert "| | before | after | budget |" in optimize
    workload = (ROOT / "profiles" / f"{module.folder.name}.py").read_text(encoding="utf-8")
    assert "BUDGETS = {" in workload


@pytest.mark.parametrize("module", course.modules(), ids=lambda module: module.number)
def test_a_guides_scripts_print_what_it_says(module, workspace):
    guide = text_of(module)
    for script, said in re.findall(r"^```python\n(.+?)^```\n\n```text\n(.+?)^```$", guide, re.MULTILINE | re.DOTALL):
        command = [sys.executable, "-c", script]
        run = subprocess.run(
            command, env=workspace.environment(), capture_output=True, text=True, timeout=300, check=False
        )
        assert run.stdout == said, run.stderr


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
