"""The digits milestone: what it finds, and what it says where the learner's code fails inside it."""

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
from tito import course
from tito.milestones import digits
from workspace_copy import Workspace, copy_workspace

SUM = "return record(sum, total, self, axis=axis, keepdims=keepdims)"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return copy_workspace(tmp_path_factory.mktemp("milestone"))


@pytest.fixture
def touched(workspace: Workspace) -> Iterator[Workspace]:
    """The same copy, whose learner's files are put back afterwards."""
    files = {path: path.read_bytes() for path in (workspace.root / "modules").glob("*/*.py")}
    yield workspace
    workspace.remembered("verdicts.json").unlink(missing_ok=True)
    for path, source in files.items():
        path.write_bytes(source)


def test_the_list_names_all(workspace):
    assert [m["name"] for m in workspace.json("milestone")["milestones"]] == ["perceptron", "xor", "digits"]
    assert "tito milestone digits" in workspace.tito("milestone").stdout


def test_an_unknown_milestone_is_one_line_with_the_nearest_name(workspace):
    run = workspace.tito("milestone", "digit")
    assert run.returncode == 2
    assert "did you mean digits?" in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.timeout(300)
def test_digits_reaches_its_goal_saves_pictures_and_says_what_is_next(workspace):
    run = workspace.tito("milestone", "digits")
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("nothing of yours yet")
    assert "Two trainings of one network" in run.stdout
    assert len(re.findall(r"unseen \w+ .*epoch  80   training loss 0\.\d+   right 9", run.stdout)) == 2
    assert "parameter_count says 0: the exercise of module 00 is not built yet" in run.stdout
    assert "modules/00_setup/README.md, then: tito test 00" in run.stdout
    for name in ("learning_curve.png", "predictions.png"):
        assert (workspace.root / "runs" / "digits" / name).read_bytes().startswith(b"\x89PNG")


@pytest.mark.timeout(300)
def test_json_is_one_document(workspace):
    found = workspace.json("milestone", "digits", "--seeds", "1")
    assert found["reached"]
    assert found["worst"] == found["accuracies"][0] >= 0.97


def test_the_seed_decides_all(monkeypatch, tmp_path):
    monkeypatch.setattr(digits, "FOLDER", tmp_path)
    first, other = (digits.run(seed=seed, epochs=1, show=False) for seed in (1, 2))
    assert digits.try_seeds(2, epochs=1, show=False)[1] == first.accuracy != other.accuracy
    assert first.parameters == 64 * 256 + 256 + 256 * 128 + 128 + 128 * 10 + 10
    assert first.pictures == (str(tmp_path / "learning_curve.png"), str(tmp_path / "predictions.png"))


def build(workspace: Workspace, module: str, exercise: str, *lines: str, indent: int = 4) -> int:
    """Type a body in and return the line number of its last line."""
    body = f"\n{' ' * indent}".join(lines)
    workspace.edit(module, f'raise NotImplementedError("{exercise}")', body)
    text = workspace.mine(module).read_text(encoding="utf-8")
    return text[: text.index(lines[-1])].count("\n") + 1


def judge(workspace: Workspace, module: str, **outcomes: str) -> None:
    """Write verdicts for a file as it is now; a keyword is like e01_1."""
    digest = hashlib.sha256(workspace.mine(module).read_bytes()).hexdigest()
    known = {e[1:].replace("_", "."): {"digest": digest, "outcome": outcome} for e, outcome in outcomes.items()}
    workspace.remembered("verdicts.json").parent.mkdir(exist_ok=True)
    workspace.remembered("verdicts.json").write_text(json.dumps(known))


def one_epoch(workspace: Workspace) -> str:
    """Run the milestone for one epoch and return what it prints."""
    code = "from tito.milestones import digits; digits.GOAL = 0; digits.run(epochs=1)"
    command = [sys.executable, "-c", code]
    run = subprocess.run(command, cwd=workspace.root, env=workspace.environment(), capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_what_is_not_known_to_be_right_is_said_before_the_training_and_at_its_end(touched):
    build(touched, "tensor", "01.1 Tensor.__add__", "return record(add, self.data - other.data, self, other)", indent=8)
    build(touched, "tensor", "01.3 Tensor.sum", "total = self.data.sum(axis=axis, keepdims=keepdims)", SUM, indent=8)
    judge(touched, "tensor", e01_1="failed")
    note = "note  last judged wrong: 01.1 Tensor.__add__; not judged since the last change: 01.3 Tensor.sum"
    lines = one_epoch(touched).splitlines()
    assert lines[1] == note
    assert lines.count(note) == 1
    assert lines[-1] == "next  tito test 01.1 01.3: what ran here is not known to be right"
    touched.edit("tensor", "self.data - other.data", "self.data + other.data")
    assert "not judged since the last change: 01.1 Tensor.__add__, 01.3" in one_epoch(touched)
    judge(touched, "tensor", e01_1="passed", e01_3="passed")
    assert "judged" not in one_epoch(touched)


def test_what_is_known_to_be_wrong_is_named_before_all_that_is_built(touched):
    build(touched, "autograd", "05.2 matmul_vjp", "return g @ b.swapaxes(-1, -2), (a.swapaxes(-1, -2) @ g) * np.inf")
    build(touched, "autograd", "05.1 multiply_vjp", "return g * b, g * a")
    judge(touched, "autograd", e05_1="passed", e05_2="failed")
    run = touched.tito("milestone", "digits")
    assert "what was last judged wrong runs in there:" in run.stderr
    assert "05.1" not in run.stderr
    assert run.stderr.endswith("  next     tito test 05.2\n")


def test_where_right_code_raises_the_wrong_one_is_named_first(touched):
    build(touched, "autograd", "05.2 matmul_vjp", "raise ValueError('shapes')")
    build(touched, "autograd", "05.1 multiply_vjp", "return g * b, g * a")
    judge(touched, "autograd", e05_1="failed", e05_2="passed")
    lines = touched.tito("milestone", "digits").stderr.splitlines()
    assert lines[1] == "  first    05.1 multiply_vjp was last judged wrong: tito test 05.1"
    assert lines[2].startswith("  look at  modules/05_autograd/autograd.py:")


def test_after_all_is_right_nothing_comes_next(touched):
    for module in course.modules():
        touched.mine(module.name).write_bytes((touched.root / "tinytorch" / f"{module.name}.py").read_bytes())
    touched.remembered("verdicts.json").parent.mkdir(exist_ok=True)
    verdicts = {
        e.id: {"digest": hashlib.sha256(touched.mine(m.name).read_bytes()).hexdigest(), "outcome": "passed"}
        for m in course.modules()
        for e in m.exercises
    }
    touched.remembered("verdicts.json").write_text(json.dumps(verdicts))
    assert one_epoch(touched).splitlines()[-1] == "All is built and right."


def test_an_exception_names_the_line_and_the_command(touched):
    line = build(touched, "autograd", "05.2 matmul_vjp", "return g @ b.T, a.missing @ g")
    run = touched.tito("milestone", "digits")
    assert run.returncode == 1
    assert "AttributeError" in run.stderr
    assert f"modules/05_autograd/autograd.py:{line}  05.2 matmul_vjp    return g @ b.T, a.missing @ g" in run.stderr
    assert "tito test 05.2" in run.stderr
    assert "Traceback" not in run.stderr
    assert len(run.stderr.splitlines()) < 8


def test_a_wrong_shape_that_the_engine_finds_names_the_rule(touched):
    build(touched, "autograd", "05.2 matmul_vjp", "return g @ b.swapaxes(-1, -2), g.swapaxes(-1, -2) @ a")
    run = touched.tito("milestone", "digits")
    assert run.returncode == 1
    assert re.search(r"modules/05_autograd/autograd.py:\d+  05.2 matmul_vjp", run.stderr)
    assert "tito test 05.2" in run.stderr


def test_a_loss_that_is_no_number_names_all_that_is_built(touched):
    build(touched, "autograd", "05.2 matmul_vjp", "return g @ b.swapaxes(-1, -2), (a.swapaxes(-1, -2) @ g) * np.inf")
    build(touched, "autograd", "05.1 multiply_vjp", "return g * b, g * a")
    answer = touched.json("milestone", "digits")
    assert "the loss is nan at step" in answer["error"]
    assert "tito test 05.1 05.2" in answer["error"]


def test_a_function_that_returns_nothing_is_named(touched):
    build(touched, "tensor", "01.1 Tensor.__add__", "pass", indent=8)
    run = touched.tito("milestone", "digits")
    assert run.returncode == 1
    assert re.search(r"modules/01_tensor/tensor.py:\d+  01.1 Tensor.__add__", run.stderr)
    assert "Traceback" not in run.stderr


def test_a_network_that_learns_badly_misses_the_goal_and_says_so(touched):
    build(touched, "autograd", "05.2 matmul_vjp", "return -g @ b.swapaxes(-1, -2), a.swapaxes(-1, -2) @ g * 0")
    code = "from tito.milestones import digits; digits.run(epochs=1)"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=touched.root, env=touched.environment(), capture_output=True, text=True
    )
    assert "missed" in run.stdout
    assert "tito test 05.2" in run.stdout


def test_a_count_that_raises_does_not_stop_the_milestone(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(digits, "FOLDER", tmp_path)
    monkeypatch.setattr(digits.setup, "parameter_count", lambda widths: widths.total)
    digits.run(epochs=1)
    assert "parameter_count says AttributeError: 'tuple' object has no attribute 'total'" in capsys.readouterr().out


def test_pictures_that_cannot_be_written_are_one_line(monkeypatch, capsys, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(digits, "FOLDER", tmp_path / "file" / "digits")
    assert digits.run(epochs=1).pictures == ()
    assert re.search(r"no pictures .*file/digits can't be written: Not a directory", capsys.readouterr().out)
