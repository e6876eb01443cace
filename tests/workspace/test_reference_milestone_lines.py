"""The milestones perceptron and xor: what they find, what they show, and what they say of the learner's own code."""

import io
import json
import re
import shutil

import pytest
from rich.console import Console
from tito import course
from tito.milestones import perceptron, telling, xor
from workspace_copy import Workspace, copy_workspace


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return copy_workspace(tmp_path_factory.mktemp("lines"))


@pytest.fixture
def learner(workspace: Workspace):
    """The same copy, in which the learner has built all; the stubs come back afterwards."""
    stubs = {
        m.file.relative_to(course.ROOT): (workspace.root / m.file.relative_to(course.ROOT)).read_bytes()
        for m in course.modules()
    }
    for module in course.modules():
        shutil.copy(workspace.root / "tinytorch" / f"{module.name}.py", workspace.mine(module.name))
    yield workspace
    shutil.rmtree(workspace.root / ".tito", ignore_errors=True)
    for path, source in stubs.items():
        (workspace.root / path).write_bytes(source)


@pytest.mark.parametrize("seed", range(10))
def test_a_perceptron_learns_and(seed):
    history = perceptron.learn(seed)
    w1, w2 = history[-1].weight
    assert [w1 * x + w2 * y + history[-1].bias > 0 for x, y in perceptron.POINTS] == [False, False, False, True]
    assert history[-1].mistakes == 0
    assert all(step.mistakes for step in history[:-1])


@pytest.mark.parametrize("seed", range(5))
def test_two_layers_learn_xor(seed):
    trained = xor.train(2, seed)
    assert trained.accuracy == 1
    assert trained.losses[-1] < 0.05


@pytest.mark.parametrize("seed", range(5))
def test_one_layer_can_not(seed):
    trained = xor.train(1, seed)
    assert trained.accuracy <= 0.75
    assert trained.losses[-1] == pytest.approx(0.6931, abs=1e-3)  # ln 2


@pytest.mark.parametrize(("name", "picture"), [("perceptron", "line.png"), ("xor", "surface.png")])
def test_a_run_on_the_reference_says_that_it_is_the_references(workspace, name, picture):
    run = workspace.tito("milestone", name)
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("nothing of yours yet")
    assert "the reference did all of it" in run.stdout
    assert (workspace.root / "runs" / name / picture).read_bytes().startswith(b"\x89PNG")


def test_json_is_one_document_and_the_seed_decides(workspace):
    first, again, other = (workspace.json("milestone", "perceptron", "--seed", seed) for seed in "002")
    assert first == again
    assert first["weight"] != other["weight"]
    assert first["reached"]


@pytest.mark.parametrize("name", ["perceptron", "xor"])
def test_seeds_are_listed_with_the_worst(workspace, name):
    found = workspace.json("milestone", name, "--seeds", "2")
    assert found["accuracies"] == [1, 1]
    assert found["worst"] == 1


def test_calls_of_the_learners_functions_are_counted(learner):
    calls = learner.json("milestone", "xor")["calls"]
    assert calls["01.2 Tensor.__matmul__"] == 2
    assert calls["05.2 matmul_vjp"] == 2
    assert learner.json("milestone", "perceptron")["calls"]["01.1 Tensor.__add__"] > 8


def test_a_milestone_that_was_reached_is_remembered(learner):
    learner.tito("milestone", "perceptron")
    known = json.loads(learner.remembered("milestones.json").read_text(encoding="utf-8"))
    assert known["perceptron"]["passed"] is True


def test_wrong_code_misses_the_goal_and_is_named(learner):
    learner.edit("tensor", "self.data @ other.data", "self.data @ other.data * 0")
    run = learner.tito("milestone", "perceptron")
    assert run.returncode == 1
    assert "missed" in run.stdout
    assert "01.2 Tensor.__matmul__" in run.stdout
    known = json.loads(learner.remembered("milestones.json").read_text(encoding="utf-8"))
    assert known["perceptron"]["passed"] is False


def test_code_that_raises_is_one_clear_error(learner):
    learner.edit("autograd", "g @ b.swapaxes(-1, -2)", "g.missing @ b.swapaxes(-1, -2)")
    run = learner.tito("milestone", "xor")
    assert run.returncode == 1
    assert "modules/05_autograd/autograd.py" in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize(("terminal", "longest"), [(True, 60), (False, 200)])
def test_rows_keep_within_a_terminal_and_are_whole_in_a_pipe(terminal, longest):
    console = Console(file=io.StringIO(), force_terminal=terminal, width=60, no_color=True, soft_wrap=True)
    text = " ".join(["Tensor.__add__ 1,200,"] * 6)
    telling.show_rows(console, [("yours", f"[bold]calls[/bold] {text}"), ("picture", "runs/digits/" + "x" * 30)])
    telling.show_lines(console, ["next  " + text])
    lines = re.sub(r"\x1b\[\d*m", "", console.file.getvalue()).splitlines()
    assert max(map(len, lines)) <= longest
    assert any(line.startswith("  picture runs/digits/xxx") for line in lines)
    assert (len(lines) > 6) is terminal
    assert " ".join(" ".join(lines).split()).count("Tensor.__add__ 1,200,") == 12


def test_counting_puts_the_profiler_back(monkeypatch):
    import sys

    before = sys.getprofile()
    with pytest.raises(ZeroDivisionError):
        telling.count_calls(lambda: 1 / 0, [])
    assert sys.getprofile() is before
