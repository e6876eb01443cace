"""Filling in: what is built stays, what is unbuilt or absent comes from the reference, each with its own lines."""

import asyncio
import textwrap
from typing import Any

import pytest

from tinytorch._splice import LINES_APART, fill_in, functions, parse, states, unbuilt_id

UNBUILT = 'raise NotImplementedError("01.1 f")'


def mix(yours: str, reference: str, hidden: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return the names of the mixed module after it ran."""
    sources = [textwrap.dedent(text).encode() for text in (yours, reference)]
    code, _, names = fill_in(sources[0], "yours.py", sources[1], "reference.py", {}, hidden)
    namespace: dict[str, Any] = {"__name__": "mixed"}
    exec(code, namespace)
    assert namespace.keys() >= set(names)
    return namespace


def state(yours: str, function: str = "f") -> str:
    return states(parse(textwrap.dedent(yours).encode()), {"01.1": function})["01.1"]


def test_a_built_function_runs_and_an_unbuilt_one_is_the_references() -> None:
    mixed = mix(f"def f(): return 'mine'\ndef g():\n    {UNBUILT}", "def f(): return 'ref'\ndef g(): return 'ref'")
    assert (mixed["f"](), mixed["g"]()) == ("mine", "ref")


@pytest.mark.parametrize(
    "body",
    [
        f"x = 1\n    if x:\n        {UNBUILT}\n    return x",
        f"def inner():\n        {UNBUILT}\n    return inner()",
        f'"""Say."""\n    {UNBUILT} from None',
        f"try:\n        {UNBUILT}\n    finally:\n        pass",
    ],
    ids=["in a branch", "in a nested function", "with a cause", "in try"],
)
def test_a_raise_anywhere_in_the_function_means_unbuilt(body: str) -> None:
    assert mix(f"def f():\n    {body}", "def f(): return 'ref'")["f"]() == "ref"
    assert state(f"def f():\n    {body}") == "unbuilt"


@pytest.mark.parametrize(
    "statement",
    [
        "raise NotImplementedError",
        "raise NotImplementedError()",
        "raise NotImplementedError('not for integers')",
        "raise ValueError('01.1 f')",
        "raise NotImplementedError(1.1)",
        "raise NotImplementedError('01.1f')",
        "error = NotImplementedError('01.1 f')",
    ],
)
def test_only_the_stubs_own_raise_means_unbuilt(statement: str) -> None:
    assert unbuilt_id(parse(f"def f():\n    {statement}".encode())) is None


def test_methods_with_the_same_name_are_told_apart_by_their_class() -> None:
    yours = f"""
        class A:
            def f(self): return "mine A"
        class B:
            def f(self):
                {UNBUILT}
            class C:
                def f(self):
                    {UNBUILT}
        def f():
            {UNBUILT}
    """
    reference = """
        class A:
            def f(self): return "ref A"
        class B:
            def f(self): return "ref B"
            class C:
                def f(self): return "ref C"
        def f(): return "ref"
    """
    mixed = mix(yours, reference)
    found = [mixed["A"]().f(), mixed["B"]().f(), mixed["B"].C().f(), mixed["f"]()]
    assert found == ["mine A", "ref B", "ref C", "ref"]


PROPERTY = """
    class Box:
        def __init__(self): self.held = 1
        @property
        def width(self): return self.held
        @width.setter
        def width(self, value): self.held = 10 * value
        @width.deleter
        def width(self): self.held = None
"""


@pytest.mark.parametrize(
    ("yours", "wanted"),
    [
        (PROPERTY.replace("10 * value", "20 * value"), 60),
        (PROPERTY.replace("self.held = 10 * value", UNBUILT), 30),
        (PROPERTY.replace("return self.held", UNBUILT), 30),
        (PROPERTY.replace("@width.setter\n        def width(self, value): self.held = 10 * value\n        ", ""), 30),
        ("class Box:\n    def __init__(self): self.held = 1", 30),
        ("class Box:\n    width = 0", 3),
        ("class Box:\n    def get(self): return 7\n    def put(self, value): pass\n    width = property(get, put)", 7),
    ],
    ids=["built setter", "unbuilt setter", "unbuilt getter", "no setter", "no property", "an attribute", "property()"],
)
def test_a_propertys_parts_are_exercises_of_their_own(yours: str, wanted: int) -> None:
    box = mix(yours, PROPERTY)["Box"]()
    box.width = 3
    assert box.width == wanted


def test_decorated_static_class_and_async_functions_keep_their_kind() -> None:
    reference = """
        import functools
        class A:
            @staticmethod
            def f(x): return x + 1
            @classmethod
            def g(cls, x): return cls.__name__, x
            @functools.cache
            def h(self): return object()
        async def later(): return "ref"
    """
    yours = reference
    for body in ("return x + 1", "return cls.__name__, x", "return object()", 'return "ref"'):
        yours = yours.replace(body, UNBUILT)
    mixed = mix(yours, reference)
    a = mixed["A"]()
    assert (a.f(1), a.g(2), asyncio.run(mixed["later"]())) == (2, ("A", 2), "ref")
    assert a.h() is a.h()


def test_what_the_learners_file_lacks_is_filled_in_at_its_place() -> None:
    reference = """
        from __future__ import annotations
        import math, os.path
        from itertools import chain, count
        SIDES = 4
        ROOT = math.sqrt(SIDES)
        RULES = {}
        def rule(f):
            RULES[f.__name__] = f
            return f
        class Base:
            scale = SIDES
            def size(self): return _helper(self.scale)
        class Thing(Base):
            pass
        @rule
        def f(x: Unknown, n=ROOT): return chain([x], [n])
        def _helper(x): return x * 2
        RULES["g"] = _helper
    """
    yours = "from itertools import count\nclass Thing:\n    own = 1\n@rule\ndef mine(): pass\n"
    mixed = mix("RULES = {}\ndef rule(f): return f\n" + yours, reference)
    assert list(mixed["f"](1)) == [1, 2.0]
    assert mixed["Base"]().size() == 8
    assert mixed["RULES"] == {"g": mixed["_helper"]}
    assert mixed["Thing"].own == 1
    assert mix("", reference)["RULES"].keys() == {"f", "g"}


@pytest.mark.parametrize(
    "yours",
    [
        "TWICE = 2\ndef b(): return 'mine'\n\ndef make(x): return lambda f: f\n\nONE = 1\n",
        "def b(): return 'mine'\nONE = 1\n",
        "ONE = 1\nTWICE = 2\n\ndef make(x): return lambda f: f\n\ndef z(): pass\n\ndef b(): return 'mine'\n",
    ],
    ids=["upwards", "what precedes is gone", "downwards"],
)
def test_reordered_statements_find_their_needs(yours: str) -> None:
    reference = """
        ONE = 1
        def make(x): return lambda f: f
        TWICE = ONE + ONE
        def b(): return "ref"
        THREE = TWICE + ONE
        @make(THREE)
        def c(): return THREE
        def z(): pass
    """
    mixed = mix(yours, reference)
    assert (mixed["b"](), mixed["c"]()) == ("mine", 3)


def test_overloads_end_with_the_implementation() -> None:
    reference = """
        from typing import overload
        @overload
        def f(x: int) -> int: ...
        @overload
        def f(x: str) -> str: ...
        def f(x): return x
    """
    assert mix(reference.replace("return x", UNBUILT), reference)["f"](3) == 3
    assert mix("", reference)["f"](3) == 3


def test_the_last_of_two_definitions_counts() -> None:
    twice = f"def f():\n    {UNBUILT}\ndef f(): return 'mine'"
    assert mix(twice, "def f(): return 'ref'")["f"]() == "mine"
    assert state(twice) == "built"


BLOCKS = {
    "if": "if True:\n    def f():\n        {}\nelse:\n    x = 1",
    "else": "if not 1:\n    x = 1\nelse:\n    def f():\n        {}",
    "try": "try:\n    def f():\n        {}\nfinally:\n    pass",
    "except": "try:\n    import absent_library\nexcept ImportError:\n    def f():\n        {}",
    "with": "import contextlib\nwith contextlib.suppress():\n    def f():\n        {}",
    "for": "for _ in (1,):\n    def f():\n        {}",
    "match": "match 1:\n    case 1:\n        def f():\n            {}",
}


@pytest.mark.parametrize("block", BLOCKS.values(), ids=BLOCKS)
def test_functions_inside_blocks_are_the_learners(block: str) -> None:
    built, unbuilt = block.format("return 'mine'"), block.format(UNBUILT)
    assert (mix(built, "def f(): return 'ref'")["f"](), state(built)) == ("mine", "built")
    assert (mix(unbuilt, "def f(): return 'ref'")["f"](), state(unbuilt)) == ("ref", "unbuilt")


@pytest.mark.parametrize("test", ["__name__ == '__main__'", "False", "TYPE_CHECKING"])
def test_what_does_not_run_at_import_does_not_count_as_there(test: str) -> None:
    yours = f"from typing import TYPE_CHECKING\nif {test}:\n    import math\n    f = LIMIT = 0\n    def g(): pass\n"
    mixed = mix(yours, "import math\nLIMIT = 3\ndef f(): return math.pi\ndef g(): return LIMIT")
    assert (int(mixed["f"]()), mixed["g"]()) == (3, 3)
    assert state(yours) == state(yours, "g") == "missing"


def test_the_names_of_comprehensions_and_bare_annotations_are_not_bound() -> None:
    yours = "f: int\npairs = [g for g in ()]\ncalls = {h: h for h in ()}"
    mixed = mix(yours, "def f(): return 1\ndef g(): return 2\ndef h(): return 3")
    assert [mixed[name]() for name in "fgh"] == [1, 2, 3]


def test_modern_syntax_of_the_learners_is_kept() -> None:
    yours = """
        from __future__ import annotations
        import math as m
        TOTAL = 0
        if (n := 3) > 2: WALRUS = n
        def f(*args: Nowhere, scale=1, **rest):
            global TOTAL
            TOTAL += 1
            match args:
                case (first, *others) if (k := len(others)): return [*args, k, *rest]
                case _: return f"{TOTAL=}"
        first, *others = range(3)
        assert others == [1, 2], "module-level asserts run"
        square = lambda x: x * x
    """
    mixed = mix(yours, "TOTAL = 5\ndef f(): pass\ndef g(): return f(1, 2, a=3), f(), TOTAL, square(3)\n")
    assert mixed["g"]() == ([1, 2, 1, "a"], "TOTAL=2", 2, 9)
    assert mixed["WALRUS"] == 3


def test_a_future_import_of_one_file_holds_for_both() -> None:
    future, plain = "from __future__ import annotations\n", '"""Say."""\n'
    for yours, reference in [(future, plain), (plain, future)]:
        mixed = mix(yours + "def f(x: Nowhere): pass", reference + "def f(x): pass\ndef g(x: int): pass")
        assert mixed["g"].__annotations__ == {"x": "int"}


def test_a_learners_helper_named_like_a_hidden_one_disturbs_nobody() -> None:
    reference = """
        import math as _math
        _count = 0
        def f(x): return _helper(x)
        def g(x): return _helper(x)
        def _helper(x):
            global _count
            _count += 1
            return _math.floor(x) if x < 5 else _helper(x - 1)
    """
    yours = f"""
        _math = None
        _count = "mine"
        def f(x): return _helper()
        def _helper(): return "my helper"
        def g(x):
            {UNBUILT}
    """
    mixed = mix(yours, reference, hidden=("_helper", "_math", "_count"))
    assert (mixed["f"](1.5), mixed["g"](6.5), mixed["_count"]) == ("my helper", 4, "mine")


def test_a_rebuilt_given_function_is_used_by_the_reference_too() -> None:
    reference = "def given(): return 'ref'\ndef f(): return given()"
    assert mix(f"def given(): return 'mine'\ndef f():\n    {UNBUILT}", reference)["f"]() == "mine"


@pytest.mark.parametrize(
    ("yours", "wanted"),
    [
        ("def f(): pass", "built"),
        ("f = lambda: 1", "built"),
        ("from math import floor as f", "built"),
        ("def g(): pass", "missing"),
        ("class A:\n    def f(self): pass", "missing"),
        ("", "missing"),
    ],
)
def test_states(yours: str, wanted: str) -> None:
    assert state(yours) == wanted


def test_a_deleted_method_is_missing_also_where_a_function_has_its_name() -> None:
    assert state("class A: pass\ndef f(): pass", "A.f") == "missing"
    assert state("class A:\n    f = len", "A.f") == "built"


def test_functions_are_found_by_qualified_name() -> None:
    source = b"class A:\n class B:\n  async def f(self): pass\n if 1:\n  def g(self): pass\ndef h(): pass"
    assert list(functions(parse(source))) == ["A.B.f", "A.g", "h"]
    assert list(functions(parse(textwrap.dedent(PROPERTY).encode()))) == [
        "Box.__init__",
        "Box.width",
        "Box.width@setter",
        "Box.width@deleter",
    ]


def test_code_has_the_file_and_the_lines_that_it_came_from() -> None:
    reference = "\n" * 40 + "def f():\n    def inner():\n        return [x for x in ()]\n    return inner\n"
    reference += "class C:\n    def m(self):\n        return lambda: 1\nMAKE = lambda: 2\n"
    mixed = mix(f"\n\ndef g():\n    return 1\ndef f():\n    {UNBUILT}\n", reference)
    assert (mixed["g"].__code__.co_filename, mixed["g"].__code__.co_firstlineno) == ("yours.py", 3)
    filled = [mixed["f"], mixed["f"](), mixed["C"].m, mixed["C"]().m(), mixed["MAKE"]]
    assert [function.__code__.co_firstlineno for function in filled] == [41, 42, 46, 47, 48]
    assert {function.__code__.co_filename for function in filled} == {"reference.py"}
    assert [line for *_, line in mixed["f"]().__code__.co_lines()][-1] == 43


def test_no_line_of_the_reference_can_be_taken_for_one_of_the_learners_while_the_module_runs() -> None:
    code, _, _ = fill_in(b"x = 1\n", "yours.py", b"\ny = 1\ndef f(): pass\n", "reference.py", {})
    lines = {line for *_, line in code.co_lines() if line}
    assert {line for line in lines if line < LINES_APART} <= {0, 1}
    assert {line - LINES_APART for line in lines if line > LINES_APART} == {2, 3}


@pytest.mark.filterwarnings("error")
def test_doubtful_escapes_are_no_obstacle_where_warnings_are_errors() -> None:
    assert state("def f(): return '\\d'") == "built"
    assert mix("def f(): return '\\d'", "def f(): pass")["f"]() == "\\d"
