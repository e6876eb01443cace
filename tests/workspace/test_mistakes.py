"""The known mistakes: each is caught and named, also in its second variant; right solutions are never accused."""

import os

import pytest
from tito import course, mistakes
from tito.cases import cases, likely, outcome
from tito.mistakes import swapped, target

pytestmark = pytest.mark.skipif(
    os.environ.get("TINYTORCH") != "reference", reason="proven on the reference: pytest --reference"
)

MISTAKES = [pytest.param(m, k, id=f"{k.exercise}-{k.name}") for m in course.modules() for k in mistakes.corpus(m)[0]]
RIGHTS = [
    pytest.param(m, r, id=f"{r.exercise}-{r.function.__name__}")
    for m in course.modules()
    for r in mistakes.corpus(m)[1]
]
EXERCISES = [pytest.param(m, e, id=e.id) for m in course.modules() for e in m.exercises]


def failures(module, exercise, wrong):
    """Return the judged tests that fail with `wrong` in place, with the mistake that each names."""
    found = []
    with swapped(target(module, exercise.function), wrong):
        for case in cases(module)[exercise.id]:
            mismatch = outcome(case, module)
            if mismatch is not None:
                found.append((case, likely(case, module, exercise, mismatch)))
    return found


@pytest.mark.parametrize("variant", ["first", "second"])
@pytest.mark.parametrize(("module", "known"), MISTAKES)
def test_mistake_is_caught_and_named(module, known, variant):
    found = failures(module, course.exercise(known.exercise), getattr(known, variant))
    assert found, "no test of the exercise fails"
    named = {mistake.name for _, mistake in found if mistake}
    assert named == {known.name}, f"named {named or 'nothing'} by {[case.__name__ for case, _ in found]}"


@pytest.mark.parametrize(("module", "solution"), RIGHTS)
def test_right_solution_passes(module, solution):
    found = failures(module, course.exercise(solution.exercise), solution.function)
    assert [case.__name__ for case, _ in found] == []


@pytest.mark.parametrize(("module", "exercise"), EXERCISES)
def test_every_judged_test_calls_its_exercise(module, exercise):
    def blank(*args, **kwargs):
        raise AssertionError("called")

    assert len(failures(module, exercise, blank)) == len(cases(module)[exercise.id])


@pytest.mark.parametrize(("module", "exercise"), EXERCISES)
def test_an_empty_body_fails(module, exercise):
    def empty(*args, **kwargs):
        return None

    assert failures(module, exercise, empty)


def test_every_judged_test_names_an_exercise_of_its_module():
    for module in course.modules():
        assert set(cases(module)) <= {e.id for e in module.exercises} | {module.number}


def test_every_exercise_has_tests():
    for module in course.modules():
        assert {e.id for e in module.exercises} <= set(cases(module))
