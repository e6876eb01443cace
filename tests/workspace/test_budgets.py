"""The budgets of the workloads: the reference meets each, a right solution written without a thought misses it."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from tito import course
from tito.cases import cases, outcome
from tito.mistakes import swapped, target
from workspace_copy import ROOT

from tinytorch.tensor import Tensor, as_tensor, count_along, record, var


def budgets(path):
    """Return the budgets of a workload by name."""
    spec = importlib.util.spec_from_file_location(f"budgets_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, "BUDGETS", {})


ALL = [
    pytest.param(path, name, id=f"{path.stem}: {name}")
    for path in sorted(Path(ROOT / "profiles").glob("[0-9][0-9]_*.py"))
    for name in budgets(path)
]


@pytest.mark.parametrize(("path", "name"), ALL)
def test_the_reference_meets_a_budget(path, name):
    measure, at_most, unit = budgets(path)[name]
    assert measure() <= at_most, unit


def mean_of_shares(self, axis=None, keepdims=False):
    if self.dtype.kind != "f":
        raise TypeError(f"mean of {self.dtype}")
    count = count_along(self.shape, axis)
    if not count:
        raise ValueError(f"mean of no elements: {self.shape}")
    return (self * (1 / count)).sum(axis, keepdims)


def var_as_the_formula_reads(a, axis=None, keepdims=False, correction=1):
    a = as_tensor(a)
    if a.dtype.kind != "f":
        raise TypeError(f"var of {a.dtype}")
    count = count_along(a.shape, axis)
    if count <= correction:
        raise ValueError(f"var of too few elements: {a.shape}")
    away = a.data - a.data.mean(axis=axis, keepdims=True)
    variance = (away * away).sum(axis=axis, keepdims=keepdims) / (count - correction)
    return record(var, variance, a, axis=axis, keepdims=keepdims, correction=correction)


NAIVE = {  # the budget that a right solution misses: the exercise, the solution, and the bytes that it takes
    "peak bytes of a mean over (1000, 1000) float32": ("01.6", mean_of_shares, 4e6),
    "peak bytes of a variance over (1000, 1000) float32": ("01.7", var_as_the_formula_reads, 8e6),
}


@pytest.mark.parametrize("name", NAIVE)
def test_a_naive_but_right_solution_misses_a_budget(name):
    measure, at_most, _ = budgets(ROOT / "profiles" / "01_tensor.py")[name]
    id, solution, takes = NAIVE[name]
    exercise = course.exercise(id)
    module = course.owner(exercise)
    with swapped(target(module, exercise.function), solution):
        assert [case.__name__ for case in cases(module)[id] if outcome(case, module)] == []
        measured = measure()
    assert measured > at_most
    assert measured == pytest.approx(takes, rel=0.05)


def test_a_budget_counts_what_is_alive_and_not_the_operand():
    square = Tensor(np.zeros((1000, 1000), np.float32))
    spec = importlib.util.spec_from_file_location("workload", ROOT / "profiles" / "01_tensor.py")
    workload = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(workload)
    assert workload.peak_bytes(lambda x: x.data[0]) < 1000
    assert workload.peak_bytes(lambda x: x + square) == pytest.approx(4e6, rel=0.01)
