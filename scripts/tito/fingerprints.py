"""What tells one state of an exercise from another, so that an edit elsewhere in its file takes no verdict away.

Public parts: `of_exercises`, `of_file`. Nothing that is read here is run.

An exercise is what its function says and what that uses of the same file by name: functions, methods of `self`, names
that the file assigns, and what those use in turn. Docstrings, comments and spaces don't count. Not followed are
operators (`a + b` may be Tensor.__add__) and methods of other objects (`x.sum()` may be NumPy's): a change there is
judged by the tests of what was changed.
"""

import ast
import hashlib
from collections.abc import Iterator

from tito.course import Module
from tito.memory import CannotDo

Named = dict[str, list[ast.AST]]  # what a file holds under a name; a method's is ".name"


def of_exercises(module: Module) -> dict[str, str]:
    """Return for each exercise in the learner's file, by its id, what tells its state; {} for no readable file."""
    from tinytorch._splice import functions, parse
    from tito import bodies

    try:
        tree = parse(bodies.mine(module) or b"")
    except (CannotDo, *bodies.Unreadable):
        return {}
    found, named = functions(tree), _named(tree)
    texts: dict[int, str] = {}  # what each node says, read once
    return {e.id: _of(found[e.function], named, texts) for e in module.exercises if e.function in found}


def of_file(module: Module) -> str:
    """Return what tells one content of the learner's file from another, or ""."""
    try:
        return hashlib.sha256(module.file.read_bytes()).hexdigest()
    except OSError:
        return ""


def _of(node: ast.AST, named: Named, texts: dict[int, str]) -> str:
    reached = [node]
    for one in reached:  # grows while it is walked
        reached += [other for name in _uses(one) for other in named.get(name, ()) if other not in reached]
    for one in reached:
        texts[id(one)] = texts.get(id(one)) or _text(one)
    own, *others = (texts[id(one)] for one in reached)
    return hashlib.sha256("\n".join([own, *sorted(others)]).encode()).hexdigest()


def _named(tree: ast.Module) -> Named:
    """Return the file's functions and assignments by name, and the methods of its classes, but no class as a whole."""
    named: Named = {}
    for statement in tree.body:
        for name in _names(statement):
            named.setdefault(name, []).append(statement)
        for method in statement.body if isinstance(statement, ast.ClassDef) else ():
            for name in _names(method):
                named.setdefault(f".{name}", []).append(method)
    return named


def _names(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
        yield statement.name
    elif isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign):
        yield from (n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))


def _uses(node: ast.AST) -> Iterator[str]:
    """Yield the names that a node uses, and ".name" for what it takes from `self` or `cls`."""
    for one in ast.walk(node):
        if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load):
            yield one.id
        elif isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name) and one.value.id in ("self", "cls"):
            yield f".{one.attr}"


def _text(node: ast.AST) -> str:
    """Return what a node does, as text: without docstrings, comments and the writer's spaces."""
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or ast.get_docstring(node) is None:
        return ast.unparse(node)
    head = [*(ast.unparse(d) for d in node.decorator_list), ast.unparse(node.args)]
    return "\n".join([*head, ast.unparse(ast.Module(node.body[1:], []))])
