"""The loader on the course's own modules: whatever the learner's files are, tensors and gradients work."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest
from tito import course
from workspace_copy import ROOT, Workspace, copy_workspace

WORK = """
import copy, json, pickle, sys
import numpy as np
import tinytorch
from tinytorch import Tensor, _workspace
a, b = Tensor([[1.0, 2.0, 3.0]], requires_grad=True), Tensor([[1.0], [2.0], [4.0]], requires_grad=True)
((a @ b) * (a + 1)).sum().backward()
states = {name: _workspace.exercise_states(name) for name in _workspace.STUBS}
copies = [copy.deepcopy(b), pickle.loads(pickle.dumps(tinytorch.as_tensor(2.0)))]
result = {
    "grads": [a.grad.tolist(), b.grad.tolist()],
    "one": all(type(x) is Tensor is tinytorch.Tensor for x in [a.grad, *copies, a + b.T]),
    "states": sorted({state for found in states.values() for state in found.values()}),
    "from": sorted(_workspace.shown(__import__("pathlib").Path(sys.modules["tinytorch." + name].__file__))
                   for name in states),
    "parsed": "tinytorch._splice" in sys.modules,
    "functions": [f.__code__.co_filename for f in (Tensor.__add__, tinytorch.autograd.matmul_vjp)],
}
print(json.dumps(result))
"""
GRADS = [[[26.0, 35.0, 53.0]], [[9.0], [18.0], [27.0]]]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return copy_workspace(tmp_path)


def run(workspace: Workspace, *command: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, *command],
        cwd=workspace.root,
        env=workspace.environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_untouched_stubs_in_either_kind_of_line_ends_cost_no_parsing(workspace: Workspace) -> None:
    for module in course.modules():
        if int(module.number) % 2:
            path = workspace.mine(module.name)
            path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    child = run(workspace, "-c", WORK)
    said = json.loads(child.stdout)
    assert (said["grads"], said["one"], said["states"], said["parsed"]) == (GRADS, True, ["open", "unbuilt"], False)
    red = [f"modules/{m.folder.name}/{m.name}.py" for m in course.modules() if any(e.starts_with for e in m.exercises)]
    assert [path for path in said["from"] if path.startswith("modules")] == red
    assert child.stderr == ""


def test_empty_files_are_filled_in_whole(workspace: Workspace) -> None:
    for module in course.modules():
        workspace.mine(module.name).write_bytes(b"")
    child = run(workspace, "-W", "error", "-c", WORK)
    said = json.loads(child.stdout)
    assert (said["grads"], said["one"], said["states"], said["parsed"]) == (GRADS, True, ["missing"], True)
    assert {path.partition("/")[0] for path in said["from"]} == {"modules"}
    assert len(child.stderr.splitlines()) == len(course.modules())


def test_references_in_the_learners_files_are_built(workspace: Workspace) -> None:
    for module in course.modules():
        reference = (workspace.root / "tinytorch" / f"{module.name}.py").read_bytes()
        workspace.mine(module.name).write_bytes(reference)
    child = run(workspace, "-W", "error", "-c", WORK)
    said = json.loads(child.stdout)
    assert (said["grads"], said["one"], said["states"], child.stderr) == (GRADS, True, ["built"], "")
    assert said["functions"] == [str(workspace.mine(name)) for name in ("tensor", "autograd")]


def test_the_run_button_works_on_every_file(workspace: Workspace) -> None:
    workspace.edit("tensor", 'raise NotImplementedError("01.1 Tensor.__add__")', 'return "mine"')
    files = [str(workspace.mine(module.name)) for module in course.modules()]
    code = f"import runpy\nfor path in {files!r}:\n    runpy.run_path(path, run_name='__main__')"
    child = run(workspace, "-c", code)
    assert (child.stdout, child.stderr) == ("", "")
    button = run(workspace, str(workspace.mine("autograd")))
    assert (button.returncode, button.stdout, button.stderr) == (0, "", "")


def test_nothing_that_runs_at_import_is_an_exercise(workspace: Workspace) -> None:
    """With the stubs in the reference's place, so that every exercise raises, the package still imports."""
    for module in course.modules():
        (workspace.root / "tinytorch" / f"{module.name}.py").write_bytes(workspace.mine(module.name).read_bytes())
    (workspace.root / "modules").rename(workspace.root / "elsewhere")
    child = run(workspace, "-c", "import tinytorch")
    assert (child.returncode, child.stderr) == (0, "")


def test_imports_in_the_modules_are_absolute() -> None:
    for path in (ROOT / "tinytorch").glob("*.py"):
        imports = [node for node in ast.walk(ast.parse(path.read_bytes())) if isinstance(node, ast.ImportFrom)]
        assert [node.lineno for node in imports if node.level] == [], path
