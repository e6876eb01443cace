"""Fill a learner's file in: merge its syntax tree with the reference's, function by function.

Public parts: `functions`, `unbuilt_id`, `fill_in`. Nothing here knows where files lie; `_workspace.py` does.

The learner's statements stay in their order. A reference statement whose name the learner's file lacks is put in behind the
statement that it follows in the reference; a function whose body still raises `NotImplementedError("NN.k ...")` is replaced.
Nodes from the reference carry line numbers beyond `LINES_APART`, so that after compiling they can be told apart, and so
that no breakpoint in the learner's file can match one of them while the module is being imported.
"""

import ast
import re
from collections.abc import Iterator, Sequence
from types import CodeType

Function = ast.FunctionDef | ast.AsyncFunctionDef

LINES_APART = 1 << 20  # more lines than any source file has
_EXERCISE_ID = re.compile(r"\d\d\.\d+(?= |$)")
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_PROPERTY_ROLES = ("setter", "getter", "deleter")


def functions(tree: ast.Module | ast.ClassDef, prefix: str = "") -> dict[str, Function]:
    """Return every function and method by qualified name; a property's setter is `Class.name@setter`."""
    found: dict[str, Function] = {}
    for statement in tree.body:
        if isinstance(statement, Function):
            found[prefix + function_name(statement)] = statement
        elif isinstance(statement, ast.ClassDef):
            found.update(functions(statement, prefix + statement.name + "."))
    return found


def function_name(node: Function) -> str:
    """Return the function's name, with `@setter` (or `@getter`, `@deleter`) where it is that part of a property."""
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Attribute) and decorator.attr in _PROPERTY_ROLES:
            return f"{node.name}@{decorator.attr}"
    return node.name


def unbuilt_id(node: ast.AST) -> str | None:
    """Return "NN.k" if `raise NotImplementedError("NN.k ...")` stands anywhere in the function, else None."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Raise) and isinstance(inner.exc, ast.Call) and inner.exc.args:
            message = inner.exc.args[0]
            if getattr(inner.exc.func, "id", "") == "NotImplementedError" and isinstance(message, ast.Constant):
                match = _EXERCISE_ID.match(str(message.value))
                if match:
                    return match[0]
    return None


def fill_in(yours: bytes, path: str, reference: bytes, reference_path: str, hidden: Sequence[str] = ()) -> CodeType:
    """Compile the learner's source with everything unbuilt or absent taken from the reference.

    hidden: names that the reference has and the stub never had; where the learner's file defines one of them, it is the
        learner's own helper, and the reference goes on using its own under another name.
    Raises SyntaxError (or ValueError for null bytes) if `yours` cannot be parsed.
    """
    tree = ast.parse(yours, path)
    source = ast.parse(reference, reference_path)
    own_helpers = _bound_in(tree.body).intersection(hidden)
    if own_helpers:
        source = _Rename({name: f"{name} (reference)" for name in own_helpers}).visit(source)
    _merge(tree.body, source.body)
    return _relocate(compile(tree, path, "exec", dont_inherit=True), reference_path)


def _merge(yours: list[ast.stmt], reference: list[ast.stmt]) -> None:
    """Put into `yours`, in place, what it lacks of `reference`."""
    own_names = _bound_in(yours)
    position = _after_header(yours)
    for statement in reference:
        if _is_docstring(statement):
            continue
        if isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
            _add_future(yours, statement)
            position = max(position, _after_header(yours))
            continue
        index = _counterpart(yours, statement)
        if index is not None:
            _take_over(yours, index, statement)
            position = index + 1
        else:
            lacking = _lacking(statement, own_names)
            if lacking is not None:
                yours.insert(position, _marked(lacking))
                position += 1


def _take_over(yours: list[ast.stmt], index: int, statement: ast.stmt) -> None:
    """Replace the learner's function by the reference's if it is unbuilt; go on inside a class."""
    own = yours[index]
    if isinstance(own, ast.ClassDef) and isinstance(statement, ast.ClassDef):
        _merge(own.body, statement.body)
    elif isinstance(own, Function) and unbuilt_id(own):
        yours[index] = _marked(statement)


def _counterpart(yours: list[ast.stmt], statement: ast.stmt) -> int | None:
    """Return where `yours` has a statement of the same kind and name (the last one counts, as in Python), or None."""
    key = _key(statement)
    for index in range(len(yours) - 1, -1, -1):
        if _key(yours[index]) == key:
            return index
    return None


def _key(statement: ast.stmt) -> tuple[str, ...]:
    """Return what identifies a statement in both files: its name, or its whole text where it binds no name."""
    if isinstance(statement, Function):
        return ("function", function_name(statement))
    if isinstance(statement, ast.ClassDef):
        return ("class", statement.name)
    names = sorted(_bound_in([statement]))
    return ("names", *names) if names else ("text", ast.dump(statement))


def _lacking(statement: ast.stmt, own_names: set[str]) -> ast.stmt | None:
    """Return the part of a reference statement that binds names the learner's file lacks, or None."""
    if isinstance(statement, Function):
        # A property's setter needs its getter, which binds the same name: absent is what has no counterpart.
        return statement if "@" in function_name(statement) or statement.name not in own_names else None
    if isinstance(statement, ast.Import | ast.ImportFrom):
        absent = [alias for alias in statement.names if _alias_name(alias) not in own_names]
        if isinstance(statement, ast.Import):
            return ast.copy_location(ast.Import(absent), statement) if absent else None
        new = ast.ImportFrom(statement.module, absent, statement.level)
        return ast.copy_location(new, statement) if absent else None
    names = _bound_in([statement])
    return None if names and names <= own_names else statement


def _bound_in(body: Sequence[ast.stmt]) -> set[str]:
    """Return the names that these statements bind in their own scope, also inside `if`, `try`, `with` and loops."""
    names: set[str] = set()
    for node in _own_scope(body):
        if isinstance(node, Function | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.alias):
            names.add(_alias_name(node))
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
    return names


def _own_scope(body: Sequence[ast.stmt]) -> Iterator[ast.AST]:
    """Yield the nodes of a body without entering functions, classes and lambdas."""
    waiting: list[ast.AST] = list(body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, _SCOPES):
            waiting.extend(ast.iter_child_nodes(node))


def _alias_name(alias: ast.alias) -> str:
    return alias.asname or alias.name.partition(".")[0]


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _after_header(body: list[ast.stmt]) -> int:
    """Return the index behind the docstring and the `__future__` imports."""
    index = 0
    while index < len(body) and (
        (index == 0 and _is_docstring(body[index]))
        or (isinstance(body[index], ast.ImportFrom) and getattr(body[index], "module", "") == "__future__")
    ):
        index += 1
    return index


def _add_future(yours: list[ast.stmt], statement: ast.ImportFrom) -> None:
    have = {alias.name for node in yours if isinstance(node, ast.ImportFrom) and node.module == "__future__" for alias in node.names}
    if not have.issuperset(alias.name for alias in statement.names):
        yours.insert(_after_header(yours), _marked(statement))


def _marked(node: ast.stmt) -> ast.stmt:
    """Move a reference node's line numbers beyond `LINES_APART`."""
    return ast.increment_lineno(node, LINES_APART)


def _relocate(code: CodeType, reference_path: str) -> CodeType:
    """Give the code objects that came from the reference its file name and their own line numbers back."""
    line = code.co_firstlineno
    constants = tuple(_relocate(c, reference_path) if isinstance(c, CodeType) else c for c in code.co_consts)
    if line <= LINES_APART:
        return code.replace(co_consts=constants)
    # The line table is relative to the first line: moving that moves all of them.
    return code.replace(co_consts=constants, co_filename=reference_path, co_firstlineno=line - LINES_APART)


class _Rename(ast.NodeTransformer):
    """Give module-level names of the reference other names, in definitions and uses."""

    def __init__(self, names: dict[str, str]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.Name:
        node.id = self.names.get(node.id, node.id)
        return node

    def visit_alias(self, node: ast.alias) -> ast.alias:
        name = _alias_name(node)
        if name in self.names:
            node.asname = self.names[name]
        return node

    def visit_Module(self, node: ast.Module) -> ast.Module:
        for statement in node.body:
            if isinstance(statement, Function | ast.ClassDef):
                statement.name = self.names.get(statement.name, statement.name)
        self.generic_visit(node)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        """Leave a function alone in which the name is a parameter: there it means something else."""
        if not any(isinstance(inner, ast.arg) and inner.arg in self.names for inner in ast.walk(node)):
            self.generic_visit(node)
        return node
