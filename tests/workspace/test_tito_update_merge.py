"""A learner's file merged with a newer stub: nothing that was typed is lost, and it stands where it belongs."""

import ast
import re

import pytest
from tito import course
from tito.stubs import Refused, make_stub
from tito.update_merge import Merged, merge
from tito.update_pieces import cut
from update_courses import NEW, OLD

from tinytorch._splice import Function

BUILT = "return height * width  # typed"
AREA = 'raise NotImplementedError("01.1 area")'


def merged(mine: str | bytes) -> Merged:
    content = mine.encode() if isinstance(mine, str) else mine
    return merge(content, OLD.stub, NEW.stub, OLD.ids, NEW.ids)


def text(mine: str) -> str:
    return merged(mine).content.decode()


def edited(*changes: tuple[str, str]) -> str:
    """Return the old stub with changes."""
    mine = OLD.stub
    for old, new in changes:
        assert mine.count(old) == 1, old
        mine = mine.replace(old, new)
    return mine


def left(result: Merged) -> dict[str, str]:
    return {entry.what: entry.text for entry in result.left}


def test_an_untouched_stub_becomes_the_new_one():
    assert text(OLD.stub) == NEW.stub


def test_a_body_goes_behind_the_new_docstring():
    result = merged(edited((AREA, BUILT)))
    assert result.content.decode() == NEW.stub.replace('raise NotImplementedError("01.2 area")', BUILT)
    assert (result.placed, result.own, result.left) == (("area",), (), ())


def test_what_is_typed_beside_a_raise_stays_and_the_raise_gets_the_new_number():
    mine = edited((AREA, f"# both sides\n    {AREA}"))
    assert text(mine) == NEW.stub.replace("raise", "# both sides\n    raise", 2).replace(
        "# both sides\n    raise", "raise", 1
    )


def test_comments_imports_helpers_and_constants_stay_where_they_were():
    mine = edited(
        ("import math\n", "import itertools  # mine\nimport math  # my note\n\n# about sides\nLIMIT = 3\n"),
        ("def area(width", "# above area\ndef area(width"),
        ("class Square:\n", "def mine(x):\n    # inside\n    return x\n\n\nclass Square:\n"),
        (
            "    def perimeter",
            "    # a thought\n\n    def own(self):\n        return 1  # one\n\n    # above\n    def perimeter",
        ),
        ("SIDES = 4", "SIDES = 5"),
    )
    new = text(mine + "\n\n# the end\n")
    wanted = NEW.stub.replace("import math\n", "import itertools  # mine\nimport math  # my note\n")
    wanted = wanted.replace("Sequence\n\nSIDES = 4", "Sequence\n\n# about sides\nLIMIT = 3\n\nSIDES = 5", 1)
    for line in [*filter(None, mine.split("\n")), "# the end"]:
        assert line in new or line in OLD.stub, line
    assert new.index("# above area\ndef area") > new.index("SIDES = 5") > new.index("LIMIT = 3") > new.index("my note")
    assert new.index("def own(self)") < new.index("# above\n    def perimeter")
    assert new.index("def given") < new.index("def mine(x)") < new.index("class Square")
    assert new.endswith("# the end\n")
    assert merged(mine).left == ()


def test_a_changed_given_function_is_yours_unless_the_course_changed_it_too():
    assert "return None  # off" in text(edited(("self.side = side", "self.side = side\n        return None  # off")))
    result = merged(edited(("return 2 * x", "return x + x  # simpler")))
    assert result.content.decode() == NEW.stub
    assert "return x + x  # simpler" in left(result)["given"]


def test_an_exercise_that_is_gone_is_left_over():
    result = merged(edited(('raise NotImplementedError("01.4 old_fashioned")', "return x  # typed")))
    assert result.content.decode() == NEW.stub
    assert left(result) == {"01.4 old_fashioned": 'def old_fashioned(x):\n    """Return x."""\n    return x  # typed\n'}


def test_an_own_function_stands_for_a_new_exercise_of_its_name():
    own = "def volume(width, height, depth):\n    return 6\n"
    result = merged(f"{OLD.stub}\n\n{own}")
    assert own in result.content.decode()
    assert result.content.decode().count("def volume") == 1
    assert [entry.what for entry in result.left] == ["volume"]
    assert result.placed == ("volume",)


@pytest.mark.parametrize("own", ["    def fresh_helper(self):\n        return 0\n", "    fresh_helper = 1\n"])
def test_an_own_name_that_the_new_version_takes_is_refused(own):
    with pytest.raises(Refused, match="rename yours"):
        merged(edited(("    def perimeter", f"{own}\n    def perimeter")))


def test_what_typed_code_uses_of_the_old_stub_stays():
    new = NEW.stub.replace("import math\n", "")
    mine = edited((AREA, "return math.prod((width, height))"))
    result = merge(mine.encode(), OLD.stub, new, OLD.ids, NEW.ids)
    assert "import math\n" in result.content.decode()
    assert b"import math" not in merge(OLD.stub.encode(), OLD.stub, new, OLD.ids, NEW.ids).content


def test_a_class_that_typed_code_uses_stays_whole():
    old = OLD.stub.replace(
        "class Square:", 'class Pair:\n    """Two."""\n\n    def both(self):\n        pass\n\n\nclass Square:'
    )
    mine = old.replace(AREA, "return Pair().both()")
    result = merge(mine.encode(), old, NEW.stub, OLD.ids, NEW.ids)
    assert 'class Pair:\n    """Two."""\n\n    def both(self):\n        pass\n' in result.content.decode()
    assert result.left == ()


def test_a_helper_behind_a_class_stays_outside_of_its_new_members():
    new = f"{NEW.stub}\n    def later(self):\n        return 1\n"
    mine = edited(("def old_fashioned", "def helper():\n    return 1\n\n\ndef old_fashioned"))
    result = merge(mine.encode(), OLD.stub, new, OLD.ids, NEW.ids).content.decode()
    assert result.startswith(new)
    assert result.endswith("\n\ndef helper():\n    return 1\n")


def test_names_that_only_the_course_could_give_are_named():
    old, new = OLD.stub.replace("import math", "from tinytorch.gone import helper"), NEW.stub
    mine = old.replace(AREA, "return helper(width, height)")
    result = merge(mine.encode(), old, new, OLD.ids, NEW.ids)
    assert result.left[0].what == "helper"
    assert "tinytorch.gone" not in result.content.decode()


def test_a_changed_signature_of_yours_stays_and_points_to_the_new_contract():
    result = merged(edited(("def area(width, height):", "def area(width: int, height: int):"), (AREA, BUILT)))
    assert "def area(width: int, height: int):" in result.content.decode()
    assert "tito show 01.2" in result.left[0].why


@pytest.mark.parametrize(
    ("head", "encoding", "end"),
    [("", "utf-8", "\r\n"), ("\ufeff", "utf-8", "\n"), ("# -*- coding: latin-1 -*-\n", "latin-1", "\r\n")],
)
def test_line_ends_and_encodings_stay(head, encoding, end):
    mine = (head + edited((AREA, "return 'é'"))).replace("\n", end)
    content = merged(mine.encode(encoding)).content
    assert "return 'é'" in content.decode(encoding)
    assert content.count(b"\r\n") == (content.count(b"\n") if end == "\r\n" else 0)
    compile(content, "merged", "exec")


@pytest.mark.parametrize("mine", ["def (", "x = 1\0", "<<<<<<< HEAD\n", "if x:\n\tpass\n        y\n"])
def test_what_cannot_be_parsed_raises(mine):
    with pytest.raises((SyntaxError, ValueError)):
        merged(mine)


def test_another_indentation_is_refused():
    two = re.sub(r"^( +)", lambda match: match[1][::2], edited((AREA, BUILT)), flags=re.MULTILINE)
    with pytest.raises(Refused, match="indented in another way"):
        text(two)


@pytest.mark.parametrize(
    "line", ["a = 1; b = 2", "x = '''\n\f# no comment\n'''", "class Own:\n    y: int = 0", "1 + 1"]
)
def test_odd_statements_survive(line):
    assert line in text(f"{OLD.stub}\n{line}\n")


@pytest.mark.parametrize("name", ["setup", "tensor", "autograd"])
def test_no_line_is_lost_wherever_it_is_typed(name):
    """A comment on each line of a real stub is found again, when every docstring and every second body is new."""
    module = course.module(name)
    old = (course.ROOT / "tinytorch" / f"{name}.py").read_text(encoding="utf-8")
    ids = {e.function: e.id for e in module.exercises}
    stub = make_stub(module, old)
    new = re.sub(r'(    """[A-Z]\w+ )', r"\1(newer) ", stub)
    pieces = cut(new)
    new = "".join(p.lead + p.text for k, p in enumerate(pieces) if k % 4 or not isinstance(p.node, Function))
    for first in range(3):  # not all at once: then everything has changed
        lines = stub.split("\n")
        for number in range(first, len(lines), 3):
            indent = lines[number][: len(lines[number]) - len(lines[number].lstrip())]
            lines[number] = f"{indent}# typed {number}.\n{lines[number]}"
        mine = "\n".join(lines)
        try:
            ast.parse(mine)
        except SyntaxError:  # in the middle of a string that a backslash goes on with
            continue
        result = merge(mine.encode(), stub, new, ids, ids)
        everywhere = result.content.decode() + "".join(entry.text for entry in result.left)
        for number in range(first, len(stub.split("\n")), 3):
            assert f"# typed {number}." in everywhere
