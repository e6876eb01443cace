"""The mutants that `scripts/mutate.py` makes: each changes one thing in one function, and never a text."""

import pytest
from mutate import explanations
from mutations import mutants, mutated_code
from tito.course import ROOT

SOURCE = '''
"""A module's docstring is 1 text."""


def f(a: int, b: int = 3) -> int:
    """Add 1."""
    if a < b and b:
        raise ValueError(f"{a + 1} is small")
    print(a, b)
    return a + 2


class C:
    def g(self):
        return [x * 2 for x in self.data]
'''
FOUND = {str(m) for m in mutants(SOURCE)}


def test_every_kind_of_change_is_there():
    assert {
        "f:7: a < b  ->  a <= b",
        "f:7: a < b and b  ->  a < b or b",
        "f:7: if a < b and b:  ->  if not (a < b and b):",
        "f:9: print(a, b)  ->  print(b, a)",
        "f:9: print(a, b)  ->  pass",
        "f:10: a + 2  ->  a - 2",
        "f:10: a + 2  ->  a + 3",
        "f:10: return a + 2  ->  return None",
        "C.g:15: x * 2  ->  x / 2",
    } <= FOUND


def test_texts_annotations_and_defaults_are_left_alone():
    assert not any("a - 1" in m or "Add" in m or "int" in m.partition("print")[0] for m in FOUND)
    assert [m for m in FOUND if m.endswith("pass") and "raise" in m]  # whether it raises is changed


def test_what_does_the_same_or_always_raises_is_left_alone():
    source = "def f(a, b):\n    ...\n    isinstance(a, b)\n    return list(zip(a, max(a, b), strict=True))"
    assert [str(m) for m in mutants(source)] == [
        "f:3: isinstance(a, b)  ->  pass",
        "f:4: return list(zip(a, max(a, b), strict=True))  ->  return None",
        "f:4: zip(a, max(a, b), strict=True)  ->  zip(max(a, b), a, strict=True)",
    ]


def test_explanations_are_of_mutants_that_there_are():
    for file, function, before, after in explanations():
        found = mutants((ROOT / "tinytorch" / file).read_text(encoding="utf-8"))
        assert any((m.function, m.before, m.after) == (function, before, after) for m in found), (file, before, after)


@pytest.mark.parametrize("mutant", mutants(SOURCE), ids=str)
def test_a_mutant_compiles_and_the_tree_stays_as_it_was(mutant):
    before = compile(mutant.tree, "x", "exec").co_consts[0]
    code = mutated_code(mutant, "x")
    assert code.co_qualname == mutant.function
    assert compile(mutant.tree, "x", "exec").co_consts[0] == before


def test_the_changed_function_runs():
    mutant = next(m for m in mutants(SOURCE) if str(m) == "f:10: a + 2  ->  a - 2")
    names: dict[str, object] = {}
    exec(SOURCE, names)
    function = names["f"]
    function.__code__ = mutated_code(mutant, "x")
    assert function(5) == 3
