"""Predictions, counted operations, budgets, and profiles compared: on small samples, and in a copy of the workspace."""

import json
import os
import pty
import subprocess
import sys

import numpy as np
import pytest
from tito import against, flops, predict, quantities, workload
from tito.against import Change
from tito.memory import CannotDo
from tito.quantities import Kind
from workspace_copy import copy_workspace

# quantities


@pytest.mark.parametrize(
    ("text", "kind", "number"),
    [
        ("29.3M", Kind.FLOP, 29.3e6),
        ("29.3 MFLOP", Kind.FLOP, 29.3e6),
        ("29.3 million", Kind.FLOP, 29.3e6),
        ("29_300_000", Kind.FLOP, 29.3e6),
        ("2*128*784*144 + 128*144", Kind.FLOP, 2 * 128 * 784 * 144 + 128 * 144),
        ("2.5 MB", Kind.BYTES, 2.5e6),
        ("1 KiB", Kind.BYTES, 1024),
        ("4*(128+1) kB", Kind.BYTES, 516e3),
        ("1e3", Kind.BYTES, 1000),
        ("3ms", Kind.SECONDS, 0.003),
        ("600 µs", Kind.SECONDS, 600e-6),
    ],
)
def test_quantities_are_read(text, kind, number):
    assert quantities.read(text, kind) == pytest.approx(number)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("3 MB", Kind.SECONDS),
        ("3 ms", Kind.BYTES),
        ("9**9**9", Kind.FLOP),
        ("__import__('os')", Kind.FLOP),
        ("1/0", Kind.FLOP),
        ("-1", Kind.FLOP),
        ("0", Kind.FLOP),
        ("1e999", Kind.FLOP),
        ("2,5", Kind.FLOP),
        ("", Kind.FLOP),
        ("(" * 150 + "1", Kind.FLOP),
    ],
)
def test_what_is_no_quantity_says_what_is_wanted(text, kind):
    with pytest.raises(ValueError, match="wanted"):
        quantities.read(text, kind)


def test_quantities_are_shown_with_three_digits():
    assert quantities.shown(29_291_018, Kind.FLOP) == "29.3 MFLOP"
    assert quantities.shown(180_816, Kind.BYTES) == "181 kB"
    assert quantities.shown(928, Kind.BYTES) == "928 bytes"
    assert quantities.shown(3.2e-4, Kind.SECONDS) == "320 µs"


# operations


N, K, M = 2, 3, 5


def counted(work):
    """Return what a piece of work counts, by function; a, b, c: (N, K), (K, M), (M, 7)."""
    with flops.counting() as found:
        a, b, c = np.ones((N, K)), np.ones((K, M)), np.ones((M, 7))
        work(a, b, c)
    return dict(found)


@pytest.mark.parametrize(
    ("work", "count"),
    [
        pytest.param(lambda a, b, c: a @ b, {"matmul": 2 * N * K * M}, id="@"),
        pytest.param(lambda a, b, c: np.matmul(np.ones((4, N, K)), b), {"matmul": 4 * 2 * N * K * M}, id="stack"),
        pytest.param(lambda a, b, c: np.matmul(a, b, out=np.empty((N, M))), {"matmul": 2 * N * K * M}, id="out"),
        pytest.param(lambda a, b, c: a[0] @ b, {"matmul": 2 * K * M}, id="vector"),
        pytest.param(lambda a, b, c: a.dot(b), {"dot": 2 * N * K * M}, id="dot"),
        pytest.param(lambda a, b, c: np.tensordot(a, b, 1), {"tensordot": 2 * N * K * M}, id="tensordot"),
        pytest.param(lambda a, b, c: np.einsum("ij,jk->ik", a, b), {"einsum": 2 * N * K * M}, id="einsum"),
        pytest.param(lambda a, b, c: np.einsum(a, [0, 1], b, [1, 2]), {"einsum": 2 * N * K * M}, id="einsum lists"),
        pytest.param(lambda a, b, c: np.einsum("...j,jk", a, b), {"einsum": 2 * N * K * M}, id="einsum dots"),
        pytest.param(lambda a, b, c: np.einsum("i,j->ij", a[0], b[0]), {"einsum": K * M}, id="einsum outer"),
        pytest.param(
            lambda a, b, c: np.einsum("ij,jk,kl", a, b, c, optimize="optimal"),
            {"einsum": min(2 * N * K * M + 2 * N * M * 7, 2 * K * M * 7 + 2 * N * K * 7)},
            id="einsum in the best order",
        ),
        pytest.param(lambda a, b, c: np.exp(a + a), {"add": N * K, "exp": N * K}, id="elementwise"),
        pytest.param(lambda a, b, c: a[:, :1] + a, {"add": N * K}, id="broadcast"),
        pytest.param(lambda a, b, c: a.sum(axis=0), {"add": N * K}, id="reduction"),
        pytest.param(lambda a, b, c: a > 1, {}, id="comparison"),
        pytest.param(lambda a, b, c: np.arange(6) + 1, {}, id="integers"),
        pytest.param(lambda a, b, c: a.T.copy().reshape(-1)[1:], {}, id="copies"),
    ],
)
def test_operations_are_counted(work, count):
    assert counted(work) == count


def test_counting_gives_numpy_back():
    before = np.asarray, np.zeros, np.ndarray
    with pytest.raises(KeyError), flops.counting():
        raise KeyError
    assert (np.asarray, np.zeros, np.ndarray) == before


def test_code_that_asks_for_the_type_takes_arrays_that_count():
    plain = np.random.default_rng(0).random(3)
    with flops.counting():
        assert type(np.ones(2)) is np.ndarray
        assert isinstance(plain, np.ndarray | np.generic)
        assert not isinstance([1.0], np.ndarray)


def test_the_workloads_count_what_their_formulas_say(workspace):
    n, pixels, hidden, classes = 128, 784, 144, 10
    forward = 2 * n * pixels * hidden + 2 * n * hidden * classes
    backward = 2 * n * pixels * hidden + 2 * 2 * n * hidden * classes
    for number, products in (("01", forward), ("05", forward + backward)):
        row = workspace.json("profile", number, "--predict", "flop=1M")["rows"][0]
        assert products <= row["measured"] <= 1.01 * products


def test_work_that_cannot_be_counted_takes_the_formula(tmp_path):
    file = tmp_path / "work.py"
    body = "import numpy as np\ndef main(repeat):\n    if 'Counted' in str(type(np.ones(2))): raise TypeError('mine')\n"
    file.write_text(body + "FLOP = 123\n")
    assert workload.count_flop(file) == {"flop": 123, "by": {}, "counted": False}
    file.write_text(body)
    with pytest.raises(TypeError, match="mine"):
        workload.count_flop(file)


# predictions


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return copy_workspace(tmp_path_factory.mktemp("predict"))


def test_far_predictions_want_an_explanation(workspace):
    ran = workspace.tito("profile", "01", "--predict", "flops=29.3M, time=1 min")
    assert ran.returncode == 0, ran.stderr
    assert "Far from what you predicted: time of one repetition." in ran.stdout
    assert workspace.tito("profile", "01", "--explain", "I took one FLOP for a ns.").returncode == 0
    *_, entry = json.loads(workspace.remembered("predictions.json").read_text())["01"]
    assert [(row["key"], row["explain"]) for row in entry["rows"]] == [("flop", False), ("time", True)]
    assert entry["explained"] == "I took one FLOP for a ns."
    assert len(entry["digest"]) == 64


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ("flop", "wanted NAME=VALUE with a name of flop, allocated, peak, time, line"),
        ("hops=3", "wanted NAME=VALUE"),
        ("time=3 MB", "no number of seconds"),
        (",", "nothing was predicted"),
    ],
)
def test_wrong_predictions_are_one_sentence(workspace, values, sentence):
    ran = workspace.tito("profile", "01", "--predict", values if "=" in values else f"={values}")
    assert ran.returncode in (1, 2)
    with pytest.raises(CannotDo, match=sentence):
        predict.predict(predict_module(), values, as_json=True)


def predict_module():
    from tito import course

    return course.module("01")


def test_nobody_to_ask(workspace):
    ran = workspace.tito("profile", "01", "--predict")
    assert ran.returncode == 1
    assert "nobody sits here to be asked" in ran.stderr


def test_at_a_terminal_it_asks(workspace):
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "tito", "profile", "01", "--predict"]
    pipe = subprocess.PIPE
    child = subprocess.Popen(
        command, cwd=workspace.root, env=workspace.environment(), stdin=theirs, stdout=pipe, text=True
    )
    os.close(theirs)
    os.write(ours, b"3 MB\n30 MFLOP\n\n\n\n\n")
    said, _ = child.communicate(timeout=60)
    os.close(ours)
    assert child.returncode == 0
    assert "is no number of FLOP" in said
    assert "29.3 MFLOP" in said
    assert "bytes at the peak  " not in said.partition("measured / predicted")[2]


@pytest.mark.parametrize(
    "text", ["matmul", "Tensor.__matmul__", "@", "tensor.py:155", "modules/01_tensor/tensor.py:155", "155"]
)
def test_a_line_is_named_in_many_ways(text):
    assert predict._names(text, "modules/01_tensor/tensor.py:155 Tensor.__matmul__")


@pytest.mark.parametrize(
    ("number", "text"),
    [(1300, "1,300"), (12.6, "13"), (1.26, "1.3"), (1, "1.0"), (0.5, "0.50"), (0.00012, "0.00012")],
)
def test_a_ratio_has_no_exponent(number, text):
    assert quantities.ratio(number) == text


@pytest.mark.parametrize("text", ["sum", "tensor.py:15", "autograd.py:155", "55"])
def test_another_line_is_another(text):
    assert not predict._names(text, "modules/01_tensor/tensor.py:155 Tensor.__matmul__")


def test_code_that_fails_is_said_and_nothing_is_kept(tmp_path):
    copy = copy_workspace(tmp_path)
    copy.edit("tensor", 'raise NotImplementedError("01.2 Tensor.__matmul__")', "return self.nothing")
    ran = copy.tito("profile", "01", "--predict", "time=3ms")
    assert (ran.returncode, "AttributeError" in ran.stderr) == (1, True)
    assert not copy.remembered("predictions.json").exists()


# budgets


BUDGETS = """
def fails():
    raise ValueError("no count")
BUDGETS = {
    "bytes of a thing": (lambda: 900, 1000, "bytes"), "calls": (lambda: 7, 5, "calls"), "bad": (fails, 1, "FLOP")
}
"""


def test_budgets_are_measured_shown_and_remembered(tmp_path):
    copy = copy_workspace(tmp_path)
    file = copy.root / "profiles" / "00_setup.py"
    text = file.read_text()
    file.write_text(text + BUDGETS)
    ran = copy.tito("profile", "00", "--budget")
    assert ran.returncode == 1
    lines = ran.stdout.splitlines()
    assert [line.split()[-1] for line in lines[1:4]] == ["met", "missed", "failed"]
    assert "bad: ValueError: no count (at profiles/00_setup.py:" in ran.stdout
    assert lines[-1] == "1 of 3 met."
    kept = json.loads(copy.remembered("budgets.json").read_text())["00"]
    assert (kept["met"], [entry["met"] for entry in kept["budgets"]]) == (False, [True, False, False])

    file.write_text(text + 'BUDGETS = {"calls": (lambda: 5, 5, "calls")}\n')
    answer = copy.json("profile", "00", "--budget")
    assert (answer["met"], answer["budgets"][0]["measured"]) == (True, 5)
    assert copy.tito("profile", "00", "--budget").returncode == 0


def test_a_module_without_budgets_says_so(workspace):
    ran = workspace.tito("profile", "00", "--budget")
    assert (ran.returncode, "00 setup has no budgets" in ran.stdout) == (0, True)


def test_a_reference_run_is_no_result_of_the_learners(tmp_path):
    copy = copy_workspace(tmp_path)
    assert copy.tito("profile", "05", "--budget", TINYTORCH="reference").returncode == 0
    assert not copy.remembered("budgets.json").exists()


# before and after


def result(unit, lines, **facts):
    lines = [{"file": f"modules/01_tensor/{file}", "line": n, "function": f, "amount": a} for file, n, f, a in lines]
    total = sum(line["amount"] for line in lines)
    return {"unit": unit, "lines": lines, "total": total, "with": "x", "module": "01", **facts}


def test_functions_are_compared_by_name_wherever_they_stand():
    before = result("bytes", [("a.py", 3, "f", 600), ("a.py", 9, "g", 300), ("a.py", 20, "old", 100)])
    after = result(
        "bytes", [("a.py", 7, "f", 150), ("a.py", 8, "f", 50), ("a.py", 30, "g", 300), ("a.py", 1, "new", 50)]
    )
    whole, *changes = against.compare(before, after)
    assert whole == Change("all", 1000, 550)
    assert changes == [
        Change("a.py: f", 600, 200),
        Change("a.py: old", 100, 0),
        Change("a.py: new", 0, 50),
        Change("a.py: g", 300, 300),
    ]
    assert changes[2].ratio is None


def test_samples_become_the_time_of_a_repetition():
    before = result("samples", [("a.py", 3, "f", 50), ("a.py", 4, "g", 50)], seconds=2.0, repeats=100)
    after = result("samples", [("a.py", 3, "f", 10), ("a.py", 4, "g", 90)], seconds=2.0, repeats=200)
    whole, f, g = against.compare(before, after)
    assert whole == Change("all", 0.02, 0.01)
    assert (f.before, f.after) == pytest.approx((0.01, 0.001))
    assert (g.before, g.after) == pytest.approx((0.01, 0.009))


def test_against_the_last_one_draws_a_picture(tmp_path):
    copy = copy_workspace(tmp_path)
    nothing = copy.tito("profile", "05", "--with", "time", "--against", "last")
    assert (nothing.returncode, "there is no earlier profile of 05 with time" in nothing.stderr) == (1, True)
    first = copy.json("profile", "05", "--with", "memray")
    assert copy.json("profile", "05", "--with", "time")["before"] is None
    shown = copy.tito("profile", "05", "--with", "memray", "--against", "last", "--no-open").stdout
    assert "Your file is the same as then" in shown
    picture = copy.root / shown.splitlines()[-1].removeprefix("The picture: ")
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert max(map(len, shown.splitlines())) <= 80
    again = copy.json("profile", "05", "--with", "memray", "--against", str(copy.root / first["file"]))
    assert again["before"] == first["kept"]
    assert again["changes"][0]["ratio"] == pytest.approx(1, rel=0.1)
    other = copy.tito("profile", "01", "--with", "memray", "--against", str(copy.root / first["kept"]))
    assert "is a profile of 05 with memray; compare like with like" in other.stderr
    strange = copy.tito("profile", "01", "--against", "nothing.json")
    assert "nothing.json is no profile that was kept" in strange.stderr


def test_one_thing_at_a_time(workspace):
    ran = workspace.tito("profile", "01", "--budget", "--against", "last")
    assert (ran.returncode, "choose one" in ran.stderr) == (1, True)
