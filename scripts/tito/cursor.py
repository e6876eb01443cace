"""Which exercise a line of a file belongs to.

Public parts: `exercise_at`, `definitions`. Standard library alone: a learner's file is read, never run.
"""

import ast
import re
import warnings
from collections.abc import Iterator, Mapping

DEFINITION = re.compile(r"( *)(?:async +def|def|class) +(\w+)")
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def exercise_at(source: bytes, line: int, exercises: Mapping[str, str]) -> str | None:
    """Return the id of the exercise around a line, or None.

    exercises: the id by the function's qualified name. In a test file, the exercise that a test's mark names.
    A file that can't be parsed, as while somebody types, is read by its indentation.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            around = list(_around(ast.parse(source).body, line))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        around = []
        names = _by_indentation(source.decode("utf-8", "replace").splitlines()[:line])
    else:
        names = [node.name for node in around]
    qualified = (".".join(names[:count]) for count in range(len(names), 0, -1))
    marked = (mark for node in reversed(around) if (mark := _marked(node)))
    return next(marked, None) or next((exercises[name] for name in qualified if name in exercises), None)


def definitions(tree: ast.AST, prefix: str = "") -> set[str]:
    """Return the qualified names of all functions and classes, wherever in a file they are defined."""
    found: set[str] = set()
    for node in ast.iter_child_nodes(tree):
        inner = prefix
        if isinstance(node, Definition):
            found.add(prefix + node.name)
            inner = f"{prefix}{node.name}."
        found |= definitions(node, inner)
    return found


def _around(body: list[ast.stmt], line: int) -> Iterator[Definition]:
    """Yield the definitions around a line, from the outermost; their decorators belong to them."""
    for node in body:
        first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
        if isinstance(node, Definition) and first <= line <= (node.end_lineno or node.lineno):
            yield node
            yield from _around(node.body, line)


def _by_indentation(lines: list[str]) -> list[str]:
    """Return the names of the definitions around the last line, from the outermost, in text that is no Python yet."""
    names: list[str] = []
    nearest = 1 << 20  # columns: the indentation of the innermost definition so far
    for text in reversed(lines):
        found = DEFINITION.match(text)
        if found and len(found[1]) < nearest:
            names.insert(0, found[2])
            nearest = len(found[1])
    return names


def _marked(node: Definition) -> str | None:
    """Return what `@pytest.mark.exercise("05.3")` names, or None."""
    for mark in node.decorator_list:
        if isinstance(mark, ast.Call) and ast.unparse(mark.func).endswith("mark.exercise") and mark.args:
            argument = mark.args[0]
            return str(argument.value) if isinstance(argument, ast.Constant) else None
    return None
