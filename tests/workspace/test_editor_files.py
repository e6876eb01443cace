"""The editor's files: every task and launch leads somewhere, failures reach the Problems view, breakpoints are hit."""

import ast
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import typer
from debug_client import DebugClient, filled_in, read_jsonc
from tito import course
from tito.cli import app
from tito.course import ROOT
from tito.milestones import MILESTONES
from workspace_copy import Workspace, copy_workspace

from tinytorch import Tensor, autograd

EDITOR = ROOT / ".vscode"
TASKS = {task["label"]: task for task in read_jsonc(EDITOR / "tasks.json")["tasks"]}
LAUNCHES = {launch["name"]: launch for launch in read_jsonc(EDITOR / "launch.json")["configurations"]}
MATCHERS = {label: task["problemMatcher"] for label, task in TASKS.items() if task["problemMatcher"]}
INPUTS = {given["id"]: given for given in read_jsonc(EDITOR / "tasks.json")["inputs"]}
AT_A_TERMINAL = {"update"}  # commands that want more than a click
ENDS = {  # how a task ends on the untouched module 00, where that is not 0
    "Test this module": (1, "wrong     00.1 parameter_count"),
    "Test the exercise at the cursor": (1, "wrong     00.1 parameter_count"),
    "Test one exercise": (1, "wrong     00.1 parameter_count"),
    "Test all that is built": (5, "nothing of yours yet"),
    "Show the reference's answer beside yours, at the cursor": (1, "marks it as read: add --yes"),
    "Quiz of this module": (1, "1 of 3"),
    "Profile this module: predict, then measure": (1, "nobody sits here to be asked"),
    "Compare this module with PyTorch": (1, "00 Setup has nothing to compare"),
}

FAILURE = """\
05.3 sum_to_shape: gradient of b is not summed over the broadcast axis
  you called   (a + b).sum().backward()        a: (2, 3)   b: (3,)
  expected     b.grad  (3,)     [2. 2. 2.]
  got          b.grad  (2, 3)   [[1. 1. 1.] [1. 1. 1.]]     <- axis 0 is still there
  rule         a gradient has the shape of the value it belongs to
  likely       unsummed broadcast: sum the gradient over the axes that broadcasting stretched
  look at      modules/05_autograd/autograd.py:88  sum_to_shape
  again        tito test 05.3      debug: F5 "Debug this test"      hint: tito hint 05.3
"""


def found_problems(matcher, text):
    """Apply a matcher as the editor does: its patterns to neighbouring lines."""
    patterns = matcher["pattern"]
    lines, problems = text.splitlines(), []
    for start in range(len(lines) - len(patterns) + 1):
        matches = [re.search(p["regexp"], line) for p, line in zip(patterns, lines[start:], strict=False)]
        if all(matches):
            groups = [
                (name, p[name], m) for p, m in zip(patterns, matches, strict=True) for name in p if name != "regexp"
            ]
            problems.append({name: match[group] for name, group, match in groups})
    return problems


@pytest.mark.parametrize("name", ["settings.json", "extensions.json"])
def test_files_are_json_with_comments(name):
    assert isinstance(read_jsonc(EDITOR / name), dict)


SNIPPETS = read_jsonc(EDITOR / "tinytorch.code-snippets")


@pytest.mark.parametrize("name", SNIPPETS)
def test_a_snippet_is_python_as_it_comes(name):
    body = SNIPPETS[name]["body"]
    text = body if isinstance(body, str) else "\n".join(body)
    text = re.sub(r"\$\{\d\|(\w+)[^}]*\}", r"\1", text)
    text = re.sub(r"\$\{\d:([^}]*)\}", r"\1", text)
    assert "$" not in text
    names = {"Tensor": Tensor, "a": Tensor([1.0]), "b": Tensor([1.0]), "vjp": autograd.vjp, "Array": np.ndarray}
    if name == "Stop here":
        ast.parse(text)
    else:
        operation = object()
        exec(text, names | {"operation": operation})
        autograd.RULES.pop(operation, None)  # no other test is to find it
    assert SNIPPETS[name]["scope"] == "python"


@pytest.mark.parametrize("label", TASKS)
def test_task_is_a_thin_call_of_an_existing_command(label):
    task = TASKS[label]
    assert "problemMatcher" in task, "without one the editor asks which to use"
    assert task["type"] == "process"
    assert task["command"] == "${command:python.interpreterPath}"
    assert task["args"][:2] == ["-m", "tito"]
    assert task["args"][2] in typer.main.get_command(app).commands


@pytest.mark.parametrize("label", TASKS)
def test_task_gives_options_that_the_command_has(label):
    _, _, name, *arguments = TASKS[label]["args"]
    command = typer.main.get_command(app).commands[name]
    values = {"${file}": str(ROOT / "modules/05_autograd/autograd.py"), "${input:exercise}": "05.3"}
    command.make_context(name, [values.get(argument, argument) for argument in arguments])


def test_the_pick_lists_are_the_courses():
    exercises = [{"label": e.function, "value": e.id} for m in course.modules() for e in m.exercises]
    assert INPUTS["exercise"]["options"] == exercises
    assert INPUTS["milestone"]["options"] == list(MILESTONES)


def test_each_command_of_the_readmes_table_is_a_task():
    rows = re.findall(r"^\| `tito (\w+)", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(rows) - AT_A_TERMINAL <= {task["args"][2] for task in TASKS.values()}
    assert set(rows) == set(typer.main.get_command(app).commands)


def test_tasks_ask_only_for_what_is_described():
    asked = set(re.findall(r"\$\{input:(\w+)\}", json.dumps(list(TASKS.values()))))
    assert asked == set(INPUTS)


@pytest.mark.parametrize("name", LAUNCHES)
def test_launch_starts_a_file_that_exists(name):
    launch = LAUNCHES[name]
    assert launch["type"] == "debugpy"
    assert launch["justMyCode"] is True
    if launch["request"] == "launch" and launch.get("purpose") != ["debug-test"]:
        if "module" in launch:
            assert launch["module"] == "tito"
            assert launch["args"][0] in typer.main.get_command(app).commands
        else:
            assert Path(launch["program"].replace("${workspaceFolder}", str(ROOT))).is_file()


def test_tests_are_found_by_pytest_alone_and_without_coverage():
    settings = read_jsonc(EDITOR / "settings.json")
    assert settings["python.testing.pytestEnabled"] is True
    assert settings["python.testing.unittestEnabled"] is False
    assert settings["files.readonlyInclude"] == {"tinytorch/**": True}
    assert "--cov" not in (ROOT / "pyproject.toml").read_text(encoding="utf-8")  # it would pass over breakpoints


def test_the_test_explorer_lists_the_exercises_and_nothing_else():
    arguments = read_jsonc(EDITOR / "settings.json")["python.testing.pytestArgs"]
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", *arguments]
    learner = {name: value for name, value in os.environ.items() if name != "TINYTORCH"}
    listed = subprocess.run(command, cwd=ROOT, env=learner, capture_output=True, text=True).stdout
    files = {line.partition("::")[0] for line in listed.splitlines() if "::" in line}
    assert files == {f"tests/{path.name}" for path in (ROOT / "tests").glob("test_[0-9]*.py")}


@pytest.mark.parametrize("times", [1, 2, 3], ids="each line {}".format)  # see the top of tasks.json
@pytest.mark.parametrize("label", MATCHERS)
def test_a_failure_becomes_a_problem_at_the_learners_line(label, times):
    printed = "".join(line * times for line in FAILURE.splitlines(keepends=True))
    assert found_problems(MATCHERS[label], printed) == [
        {
            "message": "unsummed broadcast: sum the gradient over the axes that broadcasting stretched",
            "file": "modules/05_autograd/autograd.py",
            "line": "88",
            "code": "sum_to_shape",
        }
    ]


PICTURES = sorted((ROOT / "modules").glob("*/pictures/*.png"))


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.relative_to(ROOT).as_posix())
def test_a_guides_picture_is_small_and_made_by_the_editor_check(picture):
    module = picture.parents[1]
    made = re.findall(r"'guide-(\d\d-\w+)'", (ROOT / "scripts/editor_check/scenario.mjs").read_text(encoding="utf-8"))
    assert f"{module.name[:2]}-{picture.stem}" in made
    assert picture.stat().st_size < 60_000
    assert f"](pictures/{picture.name})" in (module / "README.md").read_text(encoding="utf-8")


# in a copy of the workspace


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """A copy in which the learner has written 05.2."""
    copy = copy_workspace(tmp_path_factory.mktemp("editor"))
    body = "grad_a = g @ b.swapaxes(-1, -2)\n    grad_b = a.swapaxes(-1, -2) @ g\n    return grad_a, grad_b"
    copy.edit("autograd", 'raise NotImplementedError("05.2 matmul_vjp")', body)
    return copy


def test_what_tito_really_prints_becomes_a_problem(workspace):
    printed = workspace.tito("test", "modules/00_setup/setup.py").stdout
    problems = found_problems(MATCHERS["Test this module"], printed)
    assert problems
    assert {problem["file"] for problem in problems} == {"modules/00_setup/setup.py"}
    assert {problem["code"] for problem in problems} == {"parameter_count"}


@pytest.mark.timeout(300)
def test_every_task_runs_on_module_00(tmp_path):
    copy = copy_workspace(tmp_path)
    file = copy.mine("setup")
    lines = file.read_text(encoding="utf-8").splitlines()
    line = next(n for n, text in enumerate(lines, 1) if text.startswith("def parameter_count"))
    values = {"file": str(file), "lineNumber": str(line)}
    values |= {"input:exercise": "00.1", "input:milestone": "perceptron", "input:expression": "(a @ b).sum()"}
    ends = {}
    for label in [label for label in TASKS if label != "Watch"]:  # one after another, as they stand
        filled = [re.sub(r"\$\{([\w:]+)\}", lambda m: values[m[1]], a) for a in TASKS[label]["args"][2:]]
        run = copy.tito(*filled)
        printed = run.stdout + run.stderr
        _, said = ENDS.get(label, (0, ""))
        ends[label] = (run.returncode, said if said in printed and "Traceback" not in printed else printed)
    assert ends == {label: ENDS.get(label, (0, "")) for label in ends}


def test_watch_says_where_a_run_begins_and_ends(workspace):
    background = MATCHERS["Watch"]["background"]
    command = [sys.executable, "-u", "-m", "tito", "watch", "00"]
    child = subprocess.Popen(
        command,
        cwd=workspace.root,
        env=workspace.environment(),
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    printed = []
    try:
        for line in child.stdout:
            printed.append(line.rstrip("\n"))
            if re.search(background["endsPattern"], printed[-1]):
                break
        os.killpg(child.pid, signal.SIGINT)
        child.communicate(timeout=10)
    finally:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
            child.communicate()
    began = [i for i, line in enumerate(printed) if re.search(background["beginsPattern"], line)]
    assert len(began) == 1
    assert any(line.startswith("  look at") for line in printed[began[0] :])


def launch(workspace: Workspace, name: str, breakpoint_at: str, **variables: str) -> DebugClient:
    """Start a configuration of the real launch.json in the copy, with a breakpoint where a text stands in 05's file."""
    mine = workspace.mine("autograd")
    lines = mine.read_text(encoding="utf-8").splitlines()
    line = next(number for number, text in enumerate(lines, 1) if breakpoint_at in text)
    values = {"workspaceFolder": str(workspace.root), "file": str(mine), "lineNumber": str(line), **variables}
    configuration = filled_in(LAUNCHES[name], values)
    if configuration["request"] == "launch":
        configuration["env"] = workspace.environment(**configuration.get("env", {}))
    return DebugClient({"cwd": str(workspace.root), **configuration}, {mine: [line]})


def test_debug_backward_stops_in_the_learners_rule(workspace):
    client = launch(workspace, "Debug backward", "return grad_a, grad_b")
    try:
        stack, values = client.stop()
        code, printed = client.finish()
    finally:
        client.close()
    functions = [frame.rpartition(" ")[2] for frame in stack]
    assert stack[0].startswith(str(workspace.mine("autograd")))
    assert functions == ["matmul_vjp", "ask_rule", "backward", "backward", "main", "<module>"]
    shown = {name: " ".join(values[name].split()) for name in ("g", "out", "a", "b", "grad_a", "grad_b")}
    assert shown == {
        "g": "array([[ 1., 10.], [ 100., 1000.]], dtype=float32)",
        "out": "array([[ 58., 64.], [139., 154.]], dtype=float32)",
        "a": "array([[1., 2., 3.], [4., 5., 6.]], dtype=float32)",
        "b": "array([[ 7., 8.], [ 9., 10.], [11., 12.]], dtype=float32)",
        "grad_a": "array([[ 87., 109., 131.], [ 8700., 10900., 13100.]], dtype=float32)",
        "grad_b": "array([[ 401., 4010.], [ 502., 5020.], [ 603., 6030.]], dtype=float32)",
    }
    assert code == 0
    assert "matmul_vjp runs from modules/05_autograd/autograd.py:" in printed


def test_debug_this_test_runs_the_exercise_under_the_cursor(workspace):
    client = launch(workspace, "Debug this test", "return grad_a, grad_b")
    try:
        stack, _ = client.stop()
    finally:
        client.close()
    assert stack[0].endswith("matmul_vjp")
    assert any("/tests/test_05_autograd.py:" in frame for frame in stack)
    assert any("debug_test.py" in frame for frame in stack)


def test_debug_a_milestone_stops_in_the_learners_rule(workspace):
    client = launch(workspace, "Debug a milestone", "return grad_a, grad_b", **{"input:milestone": "xor"})
    try:
        stack, values = client.stop()
    finally:
        client.close()
    assert stack[0].startswith(str(workspace.mine("autograd")))
    assert any("/milestones/xor.py:" in frame for frame in stack)
    assert "array(" in values["grad_b"]


def test_attach_meets_a_program_that_waits(workspace):
    port = LAUNCHES["Attach to a program that waits"]["connect"]["port"]
    command = [sys.executable, "-m", "debugpy", "--listen", str(port), "--wait-for-client", "scripts/debug_backward.py"]
    program = subprocess.Popen(command, cwd=workspace.root, env=workspace.environment(), stdout=subprocess.DEVNULL)
    try:
        client = launch(workspace, "Attach to a program that waits", "return grad_a, grad_b")
        try:
            stack, _ = client.stop()
        finally:
            client.close()
    finally:
        program.kill()
        program.wait()
    assert stack[0].startswith(str(workspace.mine("autograd")))


@pytest.mark.parametrize("tool", ["py-spy", "memray", "scalene"])
def test_profile_launches_write_a_profile_with_the_learners_line(workspace, tool):
    name = f"Profile this module: {tool}"
    assert LAUNCHES[name]["noDebug"] is True
    client = launch(workspace, name, "return grad_a, grad_b")
    try:
        code, printed = client.end()
    finally:
        client.close()
    assert code == 0, printed
    assert "modules/05_autograd/autograd.py:" in printed
    assert "yours" in printed
