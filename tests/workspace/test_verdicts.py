"""What a learner sees: right, wrong, not built, and the text of a failure. Run on copies of the workspace."""

import contextlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tito import course
from tito.stubs import put_back
from workspace_copy import ROOT, Workspace, copy_workspace

SNAPSHOTS = Path(__file__).parent / "snapshots"
RAISE = '        raise NotImplementedError("{}")\n'


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return copy_workspace(tmp_path)


def build(workspace: Workspace, name: str, *exercises: str) -> None:
    """Type the reference's functions in."""
    reference = (ROOT / "tinytorch" / f"{name}.py").read_text(encoding="utf-8")
    for exercise in exercises:
        path = workspace.mine(name)
        path.write_bytes(put_back(path.read_bytes(), reference, exercise))


def write(workspace: Workspace, name: str, exercise: str, body: str) -> None:
    """Write a body in place of a stub's raise."""
    line = next(
        line for line in workspace.mine(name).read_text(encoding="utf-8").splitlines() if f'"{exercise}' in line
    )
    indent = line[: len(line) - len(line.lstrip())]
    workspace.edit(name, line, "\n".join(indent + row for row in body.splitlines()))


def run_pytest(workspace: Workspace, *arguments: str, cwd: Path | None = None) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    return subprocess.run(
        command,
        cwd=cwd or workspace.root,
        env=workspace.environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def compare(name: str, text: str) -> None:
    """Compare with the stored text; TINYTORCH_SNAPSHOTS=update writes it (read what changed before you commit it)."""
    path = SNAPSHOTS / name
    text = re.sub(r"in \d+\.\d+s", "in N s", text)
    text = re.sub(r"\.py:\d+", ".py:N", text)  # lines move with every change of the reference; see the next test
    text = re.sub(r"\d+ (skipped|deselected|passed)", r"N \1", text)  # each new judged test changes these
    text = text.replace("maximum recursion depth exceeded in comparison", "maximum recursion depth exceeded")
    if os.environ.get("TINYTORCH_SNAPSHOTS") == "update":
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    assert text == path.read_text(encoding="utf-8")


def test_nothing_built_is_skipped_and_opens_red(workspace):
    run = run_pytest(workspace, "tests/test_00_setup.py", "tests/test_01_tensor.py", "tests/test_05_autograd.py", "-rs")
    assert run.returncode == 1
    assert "not built yet: 05.3 sum_to_shape" in run.stdout
    assert re.search(r"5 failed, \d+ skipped", run.stdout)
    assert " passed" not in run.stdout


def test_unbuilt_is_no_success(workspace):
    run = workspace.tito("test", "05")
    assert run.returncode == 1
    assert f"{', '.join(e.id for e in course.module('05').exercises)}: not built yet" in run.stdout


def test_right_is_green_and_says_what_works_now(workspace):
    build(workspace, "autograd", "sum_to_shape")
    run = workspace.tito("test", "05.3")
    compare("right.txt", run.stdout)
    assert run.returncode == 0
    verdicts = json.loads(workspace.remembered("verdicts.json").read_text(encoding="utf-8"))
    assert verdicts["05.3"]["outcome"] == "passed"


def test_a_part_of_the_tests_is_no_verdict(workspace):
    build(workspace, "autograd", "sum_to_shape")
    run = workspace.tito("test", "05.3", "--", "-k", "added_axis")
    assert run.returncode == 0
    assert "so far so good" in run.stdout
    assert not workspace.remembered("verdicts.json").exists()


def test_wrong_values_a_known_mistake_an_error_and_a_nan(workspace):
    write(workspace, "autograd", "05.1", "return g * b, 2 * g * a")
    write(workspace, "autograd", "05.2", "return a.T @ g, g @ b.T")
    write(workspace, "autograd", "05.3", "return g")
    run = workspace.tito("test", "05")
    compare("wrong.txt", run.stdout)
    assert run.returncode == 1


def test_the_line_is_the_functions_first(workspace):
    write(workspace, "autograd", "05.3", "g = g  # mine\nreturn g")
    line = 1 + workspace.mine("autograd").read_text(encoding="utf-8").splitlines().index("    g = g  # mine")
    assert f"look at      modules/05_autograd/autograd.py:{line}  sum_to_shape" in workspace.tito("test", "05.3").stdout


def write_00(workspace: Workspace, body: str) -> None:
    workspace.edit("setup", "    return 0", "\n".join("    " + row for row in body.splitlines()))


def test_errors_none_and_wrong_dtypes(workspace):
    write(workspace, "tensor", "01.1", "return record(add, self.data + other, self)")
    write(workspace, "tensor", "01.2", "self.data @ other.data")
    write(
        workspace,
        "tensor",
        "01.3",
        "return record(sum, self.data.sum(axis=axis, keepdims=keepdims, dtype=np.float64), self)",
    )
    write_00(workspace, "return widths.size")
    run = workspace.tito("test")
    compare("errors.txt", run.stdout)
    assert run.returncode == 1


def test_an_earlier_wrong_exercise_comes_first(workspace):
    write(
        workspace,
        "tensor",
        "01.1",
        "return record(add, self.data - as_tensor(other, self).data, self, as_tensor(other, self))",
    )
    write(workspace, "autograd", "05.3", "return g")
    run = run_pytest(workspace, "tests/test_05_autograd.py", "-k", "added_axis or bias_gradient")
    alone = run.stdout.partition("likely       unsummed broadcast")[0].rpartition("\n05.3")[2]
    assert alone
    assert "first " not in alone  # that test doesn't run 01.1
    assert (
        "first        01.1 Tensor.__add__ is wrong, and this test runs it: start there, with  tito test 01.1"
        in run.stdout
    )


def test_a_wrong_exercise_below_comes_first_though_its_number_is_higher(workspace):
    build(workspace, "tensor", "Tensor.__add__", "Tensor.mean")
    write(workspace, "tensor", "01.4", "return Tensor(value)")
    said = run_pytest(workspace, "tests/test_01_tensor.py", "-k", "test_add_takes_numbers").stdout
    assert "first        01.4 as_tensor is wrong, and this test runs it: start there, with  tito test 01.4" in said
    own = run_pytest(workspace, "tests/test_01_tensor.py", "-k", "gives_a_number_the_dtype").stdout
    assert "first        " not in own
    assert "likely       `like` is ignored" in own


def test_ways_to_run_agree(workspace):
    build(workspace, "tensor", "Tensor.__add__")
    write(workspace, "autograd", "05.3", "return g")
    tests = workspace.root / "tests"
    files = [str(tests / f"test_{name}.py") for name in ("00_setup", "01_tensor", "05_autograd")]
    ways = [
        run_pytest(workspace, *files),
        run_pytest(workspace, *files, "-n", "2"),
        run_pytest(workspace, *files, cwd=workspace.root.parent),
    ]
    counts = set()
    for way in ways:
        match = re.search(r"\d+ failed, \d+ passed, \d+ skipped", way.stdout)
        assert match, way.stdout + way.stderr
        counts.add(match[0])
    assert len(counts) == 1
    assert all("05.3 sum_to_shape: must sum over the axis" in way.stdout for way in ways)


def test_a_deleted_exercise_fails_and_says_how_to_get_it_back(workspace):
    workspace.edit("tensor", "    def sum(", "    def summe(")
    run = workspace.tito("test", "01.3")
    assert run.returncode == 1
    assert "01.3 Tensor.sum is not in modules/01_tensor/tensor.py" in run.stdout
    assert "tito reset 01.3" in run.stdout


def test_a_file_that_is_gone_is_said_once_with_the_way_back(workspace):
    workspace.mine("autograd").unlink()
    run = workspace.tito("test", "05")
    assert run.returncode == 1
    assert run.stdout.count("modules/05_autograd/autograd.py is not there") == 1
    assert run.stdout.count("tito reset 05   (puts the stub back)") == 1
    assert "tito reset 05." not in run.stdout
    assert "  wrong " not in run.stdout


def test_an_array_in_place_of_a_tensor_is_named(workspace):
    write(workspace, "tensor", "01.6", "return self.data.mean(axis=axis, keepdims=keepdims)")
    said = workspace.tito("test", "01.6").stdout
    assert re.search(r"expected     a Tensor\n  got          a NumPy array of shape \(.*\)\n", said)
    assert "likely       an array is handed back: record() makes a Tensor of it, which remembers" in said
    assert "AttributeError" not in said


def test_what_is_right_is_followed_by_what_comes_next(workspace):
    build(workspace, "setup", "parameter_count")
    build(workspace, "tensor", "Tensor.__add__")
    workspace.tito("test", "00")
    said = workspace.tito("test", "01.1").stdout
    assert "compare with the reference: tito show 01.1 --reference\n" in said
    assert "  next      01.2 Tensor.__matmul__: modules/01_tensor/tensor.py, then  tito test 01.2\n" in said


def test_with_nothing_built_it_says_what_to_do(workspace):
    run = workspace.tito("test", "--built")
    assert (run.returncode, run.stdout.splitlines()[1:]) == (
        5,
        ["Nothing here is built yet, so there is nothing to judge: tito status says where to begin."],
    )


@pytest.mark.parametrize("columns", [60, 80])
@pytest.mark.skipif(sys.platform == "win32", reason="needs a terminal of its own")
def test_in_a_terminal_all_but_what_the_editor_reads_keeps_within_it(workspace, columns):
    import pty

    write(workspace, "autograd", "05.1", "return g * b, 2 * g * a")
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "tito", "test", "05.1"]
    environment = workspace.environment(COLUMNS=str(columns))
    child = subprocess.Popen(command, cwd=workspace.root, env=environment, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    said = b""
    with contextlib.suppress(OSError):  # how the other side's end is told
        while part := os.read(ours, 100_000):
            said += part
    os.close(ours)
    assert child.wait(timeout=30) == 1
    lines = re.sub(r"\x1b\[[\d;]*m", "", said.decode()).replace("\r", "").splitlines()
    places = [number for number, line in enumerate(lines) if line.startswith("  look at")]
    read_by_the_editor = {near for number in places for near in (number - 1, number, number + 1)}
    assert places
    assert all(lines[number + 1].startswith("  again        tito test 05.1") for number in places)
    assert [line for n, line in enumerate(lines) if len(line) > columns and n not in read_by_the_editor] == []


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("x = = 1", "SyntaxError"),
        ("raise RuntimeError('mine')", "RuntimeError: mine"),
        ("exit()", "SystemExit"),
        ("1 / 0", "ZeroDivision"),
    ],
    ids=["syntax", "exception", "exit", "division"],
)
def test_a_file_that_cannot_be_used_fails_its_own_tests_alone(workspace, line, error):
    path = workspace.mine("tensor")
    path.write_text(path.read_text(encoding="utf-8") + f"\n{line}\n", encoding="utf-8")
    number = len(path.read_text(encoding="utf-8").splitlines())
    build(workspace, "autograd", "multiply_vjp")
    run = workspace.tito("test", "01")
    assert run.returncode == 1
    shown = run.stdout[run.stdout.index("01 tensor: your file can't be used") :].splitlines()
    assert shown[1].startswith(f"  got          {error}")
    assert shown[2:5] == [
        f"  look at      modules/01_tensor/tensor.py:{number}  {line}",
        "  again        tito test 01",
        "",
    ]
    assert run.stdout.count("your file can't be used") == 1
    assert "  wrong " not in run.stdout
    assert "  broken    01.1, 01.2, " in run.stdout
    assert not workspace.remembered("verdicts.json").exists()
    assert workspace.tito("test", "05.1").returncode == 0


def test_what_is_set_aside_is_not_judged(workspace):
    build(workspace, "autograd", "multiply_vjp")
    workspace.tito("use", "reference", "05")
    run = workspace.tito("test", "05.1", "--", "-rs")
    assert run.returncode == 1
    assert "set aside: 05.1 multiply_vjp" in run.stdout


def test_an_endless_loop_ends(workspace):
    write_00(workspace, "while True:\n    widths = widths")
    verdicts = workspace.root / "scripts" / "tito" / "verdicts.py"
    verdicts.write_text(
        verdicts.read_text(encoding="utf-8").replace("TIME_LIMIT = 10", "TIME_LIMIT = 1"), encoding="utf-8"
    )
    run = workspace.tito("test", "00")
    assert run.returncode == 1
    assert "no answer within 1 s: a loop that never ends?" in run.stdout
    assert re.search(r"look at      modules/00_setup/setup.py:(18|19)  parameter_count", run.stdout)
    assert run.stdout.count("no answer within") == 1


def test_an_endless_loop_at_import_ends_and_its_line_is_named(workspace):
    path = workspace.mine("tensor")
    # The file lets the limit's own timer end in the loop: a shorter limit could end before, in a slow import.
    endless = "\nimport signal\nsignal.setitimer(signal.ITIMER_REAL, 0.05)\nwhile True:\n    pass\n"
    path.write_text(path.read_text(encoding="utf-8") + endless, encoding="utf-8")
    run = workspace.tito("test", "01")
    assert run.returncode == 1
    assert "  got          TimeoutError: no end after 10 s" in run.stdout
    assert re.search(r"^  look at      modules/01_tensor/tensor.py:\d+  ", run.stdout, re.MULTILINE)


def test_a_body_that_nobody_has_is_named_in_place_of_the_exercise_that_needs_it(workspace):
    stub = workspace.mine("autograd").read_bytes()
    build(workspace, "autograd", "multiply_vjp")
    write(workspace, "autograd", "05.7 seed_gradient", "return np.zeros_like(loss.data)")
    (workspace.root / "tinytorch" / "autograd.py").write_bytes(stub)  # a course without its answers
    run = workspace.tito("test", "05.1")
    assert run.returncode == 1
    assert "needs        05.9 backward, which is not built, and the reference has no body for it either" in run.stdout
    assert "look at" not in run.stdout
    later = workspace.tito("test", "05.7")
    assert later.returncode == 1
    assert "05.1" not in later.stdout  # its tests end at 05.9 as well, which says nothing about it


def test_unknown_names_get_the_nearest(workspace):
    run = workspace.tito("test", "autogard")
    assert run.returncode == 2
    assert "did you mean autograd" in run.stderr


def test_json_is_one_document(workspace):
    build(workspace, "autograd", "sum_to_shape")
    document = workspace.json("test", "05")
    assert document["exit"] == 1
    exercises = {e.id: "skipped" for e in course.module("05").exercises}
    assert document["verdicts"] == exercises | {"05.3": "passed"}


def test_only_what_is_built(workspace):
    build(workspace, "autograd", "sum_to_shape")
    build(workspace, "setup", "parameter_count")
    run = workspace.tito("test", "--built")
    assert run.returncode == 0
    assert "right     05.3 sum_to_shape" in run.stdout


def test_the_courses_own_tests_are_left_to_the_reference(workspace):
    listed = run_pytest(workspace, "--collect-only")
    assert "tests/test_05_autograd.py" in listed.stdout
    assert "tests/workspace" not in listed.stdout
    named = run_pytest(workspace, "--collect-only", "tests/workspace/test_splice.py")
    assert "tests/workspace/test_splice.py" in named.stdout


def test_nothing_is_judged_in_reference_mode_but_all_tests_run(workspace):
    write(workspace, "autograd", "05.3", "return g")
    run = run_pytest(workspace, "tests/test_05_autograd.py", "--reference")
    assert run.returncode == 0
    assert "skipped" not in run.stdout
    assert not workspace.remembered("verdicts.json").exists()
