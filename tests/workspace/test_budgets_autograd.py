"""The budgets of module 05: the reference meets them, right but naive solutions miss them."""

import importlib.util

import pytest
from tito import course, mistakes

MODULE = course.module("05")
PRODUCTS, PEAK = "products of a backward", "peak memory of a backward"


def budgets():
    """Return a fresh table of budgets: the workload keeps gradients of the last one."""
    spec = importlib.util.spec_from_file_location("workload_05", course.ROOT / "profiles" / "05_autograd.py")
    workload = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(workload)
    return workload.BUDGETS


def met(name):
    """Return whether a budget is met by what runs now."""
    count, at_most, _ = next(entry for title, entry in budgets().items() if title.startswith(name))
    return count() <= at_most


def naive(name):
    """Return the function of an exercise and a right solution of it, written differently from the reference."""
    solution = next(r for r in mistakes.corpus(MODULE)[1] if r.function.__name__ == name)
    return mistakes.target(MODULE, course.exercise(solution.exercise).function), solution.function


@pytest.mark.parametrize("name", [PRODUCTS, PEAK])
def test_the_reference_meets_its_budgets(name):
    assert met(name)


@pytest.mark.parametrize(
    ("name", "solution"),
    [
        (PRODUCTS, "matmul_with_numpy"),
        (PEAK, "matmul_with_numpy"),
        (PEAK, "backward_always_copies"),
        (PEAK, "accumulate_always_copies"),
    ],
)
def test_a_naive_right_solution_misses_a_budget(name, solution):
    with mistakes.swapped(*naive(solution)):
        assert not met(name)


def test_a_solution_with_einsum_is_counted_as_well():
    with mistakes.swapped(*naive("matmul_with_einsum")):
        assert met(PRODUCTS)


def test_a_budget_is_a_count_with_its_sizes_and_its_unit():
    for title, (count, at_most, unit) in budgets().items():
        assert "(" in title or "batch" in title
        assert isinstance(count(), int)
        assert isinstance(at_most, int)
        assert unit in ("FLOP", "bytes")
