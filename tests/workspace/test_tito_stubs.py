"""Putting one function's stub back into a learner's file: that function alone changes, by not a byte more."""

import ast

import pytest
from tito.stubs import Refused, put_back

from tinytorch._splice import functions, unbuilt_id

STUB = '''"""A module."""

import math

LIMIT = 3


def first(x):
    """Return the first."""
    raise NotImplementedError("01.1 first")


class Box:
    """A box."""

    size = 1

    def open(self):
        """Open it."""
        raise NotImplementedError("01.2 Box.open")

    @property
    def width(self):
        return 2

    @width.setter
    def width(self, value):
        """Set it."""
        raise NotImplementedError("01.3 Box.width@setter")


@math.sqrt
def last(x):
    """Return the last."""
    raise NotImplementedError("01.4 last")
'''
RAISES = {
    "first": '    raise NotImplementedError("01.1 first")\n',
    "Box.open": '        raise NotImplementedError("01.2 Box.open")\n',
    "Box.width@setter": '        raise NotImplementedError("01.3 Box.width@setter")\n',
    "last": '    raise NotImplementedError("01.4 last")\n',
}


def built(function: str, body: str = "y = 'é'  # mine\n\n        return y\n        # and this\n") -> str:
    indent = 8 if "." in function else 4
    return STUB.replace(RAISES[function], " " * indent + body.replace("\n        ", "\n" + " " * indent))


@pytest.mark.parametrize("function", RAISES)
def test_a_built_function_becomes_the_stub_again(function: str) -> None:
    assert built(function) != STUB
    assert put_back(built(function).encode(), STUB, function) == STUB.encode()


@pytest.mark.parametrize("function", RAISES)
def test_a_deleted_function_comes_back_at_its_place(function: str) -> None:
    node = functions(ast.parse(STUB))[function]
    lines = STUB.splitlines(keepends=True)
    start = min([node.lineno, *(d.lineno for d in node.decorator_list)]) - 1
    while not lines[start - 1].strip():
        start -= 1
    mine = "".join(lines[:start] + lines[node.end_lineno :])
    assert put_back(mine.encode(), STUB, function) == STUB.encode()


def test_a_renamed_function_stays_beside_the_stub() -> None:
    mine = built("first").replace("def first", "def frist")
    result = put_back(mine.encode(), STUB, "first").decode()
    names = list(functions(ast.parse(result)))
    assert names[:2] == ["first", "frist"]
    assert result.replace(STUB[STUB.index("\n\ndef first") : STUB.index("\n\nclass")], "", 1) == mine


def test_decorators_and_signature_come_back_too() -> None:
    mine = STUB.replace("@math.sqrt\ndef last(x)", "@print\n@repr\ndef last(x, y=(1,\n    2))")
    assert put_back(mine.encode(), STUB, "last") == STUB.encode()


def test_everything_else_stays_byte_for_byte() -> None:
    odd = b"x = '\x0c'\t \n#  comment  \n\n\n\nif x:  y = [1,\n2]\n"
    before, after = built("first").encode().split(b"def first")
    mine = before + odd + b"\ndef first" + after + odd
    result = put_back(mine, STUB, "first")
    stub = STUB[STUB.index("def first") : STUB.index("\n\nclass")].encode()
    assert result == before + odd + b"\n" + stub + mine[mine.index(b"\n\nclass") :]


def test_line_ends_of_windows_stay() -> None:
    mine = built("Box.open").replace("\n", "\r\n").encode()
    assert put_back(mine, STUB, "Box.open") == STUB.replace("\n", "\r\n").encode()


def test_the_files_own_encoding_stays() -> None:
    mine = ("# coding: latin-1\n" + built("Box.open") + "name = 'ü'\n").encode("latin-1")
    assert put_back(mine, STUB, "Box.open") == ("# coding: latin-1\n" + STUB + "name = 'ü'\n").encode("latin-1")


def test_a_byte_order_mark_stays() -> None:
    mine = b"\xef\xbb\xbf" + built("first").encode()
    assert put_back(mine, STUB, "first") == b"\xef\xbb\xbf" + STUB.encode()


def test_a_missing_last_line_end_is_no_obstacle() -> None:
    mine = STUB[: STUB.index("\n\n\n@math")]
    assert put_back(mine.encode(), STUB, "last") == STUB.encode()


@pytest.mark.parametrize("indent", ["  ", "\t"], ids=["two spaces", "a tab"])
def test_a_method_takes_the_indentation_of_its_class(indent: str) -> None:
    mine = f"class Box:\n{indent}size = 1\n{indent}def other(self):\n{indent}{indent}return 1\n"
    tree = ast.parse(put_back(mine.encode(), STUB, "Box.open"))
    assert unbuilt_id(functions(tree)["Box.open"]) == "01.2"
    assert "Box.other" in functions(tree)


def test_without_its_class_a_method_is_refused() -> None:
    with pytest.raises(Refused, match="class Box isn't there"):
        put_back(b"x = 1\n", STUB, "Box.open")


def test_a_class_on_one_line_is_refused() -> None:
    with pytest.raises(Refused, match="other functions would change"):
        put_back(b"class Box: size = 1\n", STUB, "Box.open")


def test_what_cannot_be_parsed_raises() -> None:
    with pytest.raises(SyntaxError, match="never closed"):
        put_back(b"x = (\n", STUB, "first")


def test_text_beyond_the_files_encoding_is_refused() -> None:
    stub = STUB.replace("Return the first.", "Return the first \N{GREEK SMALL LETTER ALPHA}.")
    with pytest.raises(Refused, match="encoding, iso-8859-1, can't hold"):
        put_back(("# coding: latin-1\n" + built("first")).encode("latin-1"), stub, "first")
