"""A Python file cut into pieces: each statement with the comments above it. Every line is in exactly one piece.

Public parts: `Piece`, `cut`, `bound`. The members of a class are pieces of their own, behind the piece with its head.
"""

import ast
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tinytorch._splice import Function, function_name, parse
from tito.stubs import body_span


@dataclass(frozen=True)
class Piece:
    """A statement as text. A function's text is its head, up to the docstring, and its body."""

    name: str  # the same in all versions of a file: "Tensor.sum", "from math", "SIDES"; "var#2" is the second var
    scope: str  # "Tensor." for a member of that class
    node: ast.stmt | None  # None: the comments at the end of the file
    lead: str  # the empty lines and comments above
    head: str
    body: str = ""

    @property
    def text(self) -> str:
        """The statement's own lines."""
        return self.head + self.body


def cut(text: str) -> list[Piece]:
    """Return the pieces of a source with "\\n" line ends. Raises what `parse` does."""
    lines = [f"{line}\n" for line in text.removesuffix("\n").split("\n")]
    pieces: list[Piece] = []
    end = _cut(parse(text.encode()).body, "", lines, 0, pieces)
    pieces.append(Piece("end", "", None, "".join(lines[end:]), ""))
    count: Counter[str] = Counter()
    for index, piece in enumerate(pieces):
        count[piece.name] += 1
        if count[piece.name] > 1:
            pieces[index] = Piece(f"{piece.name}#{count[piece.name]}", *list(vars(piece).values())[1:])
    return pieces


def bound(node: ast.stmt | None) -> set[str]:
    """Return the names that a statement binds in its scope."""
    if isinstance(node, Function | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {alias.asname or alias.name.partition(".")[0] for alias in node.names}
    stored = (n for n in ast.walk(node) if isinstance(n, ast.Name)) if node else ()
    return {n.id for n in stored if isinstance(n.ctx, ast.Store)}


def _cut(body: Sequence[ast.stmt], scope: str, lines: list[str], at: int, pieces: list[Piece]) -> int:
    """Add the pieces of a scope, whose lines begin at `at`; return where they end."""
    for index, node in enumerate(body):
        start = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))]) - 1
        name = scope + _name(node, index)
        members = _members(node)
        if start < at:  # behind a semicolon
            last = pieces.pop()
            end = max(at, node.end_lineno or 0)
            pieces.append(Piece(last.name, scope, last.node, last.lead, last.text + "".join(lines[at:end])))
        elif isinstance(node, ast.ClassDef) and members:
            end = _above(lines, min([members[0].lineno, *_decorators(members[0])]) - 1)
            pieces.append(Piece(name, scope, node, "".join(lines[at:start]), "".join(lines[start:end])))
            end = _cut(members, f"{scope}{node.name}.", lines, end, pieces)
        else:
            middle, end = _spans(node, start, lines)
            head, rest = "".join(lines[start:middle]), "".join(lines[middle:end])
            pieces.append(Piece(name, scope, node, "".join(lines[at:start]), head, rest))
        at = end
    return at


def _spans(node: ast.stmt, start: int, lines: list[str]) -> tuple[int, int]:
    """Return where a statement's head and its body end; a function's body goes to its last comment."""
    end = node.end_lineno or node.lineno
    if not isinstance(node, Function):
        return end, end
    middle, last = body_span(node, lines)
    return max(start, middle), max(end, last)


def _members(node: ast.stmt) -> list[ast.stmt]:
    """Return the statements of a class behind its docstring; none where they stand on the line of its head."""
    if not isinstance(node, ast.ClassDef) or node.body[0].lineno == node.lineno:
        return []
    return node.body[1:] if ast.get_docstring(node) is not None else node.body


def _decorators(node: ast.stmt) -> list[int]:
    return [d.lineno for d in getattr(node, "decorator_list", [])]


def _above(lines: list[str], start: int) -> int:
    """Return where the empty lines and comments above a line begin."""
    while start and (not lines[start - 1].strip() or lines[start - 1].lstrip().startswith("#")):
        start -= 1
    return start


def _name(node: ast.stmt, index: int) -> str:
    """Return what a statement is called: what it defines, or its text."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return function_name(node)
        case ast.ClassDef():
            return node.name
        case ast.ImportFrom():
            return f"from {'.' * node.level}{node.module or ''}"
        case ast.Assign() | ast.AnnAssign() | ast.AugAssign() if bound(node):
            return ", ".join(sorted(bound(node)))
        case ast.If() | ast.While():
            return f"{type(node).__name__} {ast.unparse(node.test)}"
        case ast.Try() | ast.With() | ast.For():
            return type(node).__name__
        case ast.Expr(value=ast.Constant()) if index == 0:
            return "docstring"
    return ast.unparse(node)
