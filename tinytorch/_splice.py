"""Fill a learner's file in: merge its syntax tree with the reference's, function by function.

Public parts: `functions`, `unbuilt_id`, `states`, `fill_in`. Nothing here knows where files lie; `_workspace.py` does.

The learner's statements stay in their order. A function whose body still raises `NotImplementedError("NN.k ...")` is
replaced by the reference's. A reference statement whose names the learner's file lacks is put in behind the statement
that it follows in the reference, and behind what it uses. Nodes from the reference carry line numbers beyond
`LINES_APART`, so that after compiling they can be told apart, and so that no breakpoint in the learner's file matches
one of them while the module is imported.
"""

import ast
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from types import CodeType
from typing import Literal

Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = Function | ast.ClassDef

LINES_APART = 1 << 20  # more lines than any source file has
_EXERCISE_ID = re.compile(r"\d\d\.\d+(?= |$)")
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, *_COMPREHENSIONS)
_PROPERTY_ROLES = ("setter", "getter", "deleter")
_NOT_AT_IMPORT = ("__name__ == '__main__'", "'__main__' == __name__", "TYPE_CHECKING", "typing.TYPE_CHECKING", "False")

State = Literal["built", "unbuilt", "missing"]
# A learner's file, filled in: its code, the state of each exercise, and the names that the module must define.
Mixed = tuple[CodeType, dict[str, State], tuple[str, ...]]


def functions(tree: ast.Module | ast.ClassDef, prefix: str = "") -> dict[str, Function]:
    """Return every function and method by qualified name; a property's setter is `Class.name@setter`.

    Those inside `if`, `try`, `with` and loops count too. Of two with the same name the last one counts, as in Python.
    """
    found: dict[str, Function] = {}
    for name, (block, index) in _definitions(tree.body).items():
        node = block[index]
        if isinstance(node, Function):
            found[prefix + name] = node
        elif isinstance(node, ast.ClassDef):
            found.update(functions(node, f"{prefix}{name}."))
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


def states(tree: ast.Module, exercises: Mapping[str, str]) -> dict[str, State]:
    """Return by exercise whether its function stands in the learner's file, and without the raise.

    exercises: the qualified name of each exercise's function. Bound in another way (`f = lambda ...`) it is built.
    """
    found, bound = functions(tree), _qualified_names(tree.body)
    result: dict[str, State] = {}
    for exercise, function in exercises.items():
        node = found.get(function)
        if node is not None:
            result[exercise] = "unbuilt" if unbuilt_id(node) else "built"
        else:
            name = function.partition("@")[0]
            result[exercise] = "built" if name in bound and name not in found else "missing"
    return result


def parse(source: bytes, path: str = "<unknown>") -> ast.Module:
    """Parse without warnings: as errors, they would make a file unusable for a doubtful escape in a string.

    Raises SyntaxError (or ValueError for null bytes, RecursionError and MemoryError for endless nesting).
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(source, path)


def fill_in(
    yours: bytes,
    path: str,
    reference: bytes,
    reference_path: str,
    exercises: Mapping[str, str],
    hidden: Sequence[str] = (),
) -> Mixed:
    """Compile the learner's source with everything unbuilt or absent taken from the reference.

    hidden: names that the reference has and the stub never had; where the learner's file defines one of them, it is the
        learner's own helper, and the reference goes on using its own under another name.
    Raises what `parse` does if `yours` cannot be compiled.
    """
    tree, source = parse(yours, path), parse(reference, reference_path)
    found = states(tree, exercises)
    own_helpers = _bound_in(tree.body).intersection(hidden)
    if own_helpers:
        _Rename({name: f"{name} (reference)" for name in own_helpers}).visit(source)
    names = sorted(_bound_in(source.body))
    _merge(tree.body, source.body)
    with warnings.catch_warnings():
        warnings.simplefilter("default")  # said once, never an error
        code = compile(tree, path, "exec", dont_inherit=True)
    return _relocate(code, reference_path), found, tuple(names)


def _merge(yours: list[ast.stmt], reference: list[ast.stmt]) -> None:
    """Put into `yours`, in place, what it lacks of `reference`."""
    _take_over(yours, reference)
    scope = _Scope(yours)
    position = _after_header(yours)
    behind: dict[str, int] = {}  # the reference's names so far, and the index in `yours` behind which each is bound
    additions: list[tuple[int, ast.stmt]] = []
    for statement in reference:
        lacking = scope.lacking(statement)
        if lacking is not None:
            used = [node.id for node in ast.walk(lacking) if isinstance(node, ast.Name)]
            position = max([position, *(behind.get(name, 0) for name in used)])
            additions.append((position, _marked(lacking)))
        names = _bound_in([statement])
        behind.update((name, scope.behind.get(name, position)) for name in names)
        position = max((behind[name] for name in names), default=position)
    for index, statement in reversed(sorted(additions, key=lambda addition: addition[0])):
        yours.insert(index, statement)


def _take_over(yours: list[ast.stmt], reference: list[ast.stmt]) -> None:
    """Replace the functions in `yours` that are unbuilt, and merge the classes."""
    mine = _definitions(yours)
    for name, (block, index) in _definitions(reference).items():
        if name not in mine:
            continue
        own_block, own_index = mine[name]
        own, theirs = own_block[own_index], block[index]
        if isinstance(own, ast.ClassDef) and isinstance(theirs, ast.ClassDef):
            _merge(own.body, theirs.body)
        elif isinstance(own, Function) and isinstance(theirs, Function) and unbuilt_id(own):
            own_block[own_index] = _marked(theirs)


class _Scope:
    """What a module or a class of the learner's holds, before anything is put in."""

    def __init__(self, body: list[ast.stmt]) -> None:
        self.behind: dict[str, int] = {}  # the names it binds, and the index behind the first statement that does
        self.texts: set[str] = set()  # the statements that bind none
        for index, statement in enumerate(body):
            names = _bound_in([statement])
            for name in names:
                self.behind.setdefault(name, index + 1)
            if not names:
                self.texts.add(ast.dump(statement))
        self.definitions = {name: block[index] for name, (block, index) in _definitions(body).items()}

    def lacking(self, statement: ast.stmt) -> ast.stmt | None:
        """Return the part of a reference statement that this scope lacks, or None."""
        if isinstance(statement, Function):
            return statement if self._lacks(statement) else None
        if isinstance(statement, ast.Import | ast.ImportFrom):
            return self._absent_imports(statement)
        names = _bound_in([statement])
        has_it = names <= self.behind.keys() if names else _is_docstring(statement) or ast.dump(statement) in self.texts
        return None if has_it else statement

    def _lacks(self, function: Function) -> bool:
        """Return whether a function is absent; a setter is only where the learner's file has a property for it."""
        key, getter = function_name(function), self.definitions.get(function.name)
        if function.name not in self.behind:
            return True
        is_property = isinstance(getter, Function) and bool(getter.decorator_list)
        return "@" in key and key not in self.definitions and is_property

    def _absent_imports(self, statement: ast.Import | ast.ImportFrom) -> ast.stmt | None:
        absent = [alias for alias in statement.names if _alias_name(alias) not in self.behind]
        if not absent:
            return None
        if isinstance(statement, ast.Import):
            return ast.copy_location(ast.Import(absent), statement)
        return ast.copy_location(ast.ImportFrom(statement.module, absent, statement.level), statement)


def _definitions(body: list[ast.stmt]) -> dict[str, tuple[list[ast.stmt], int]]:
    """Return where a scope's functions and classes stand, by name: the list of statements and the index in it."""
    found = {}
    for block, index in _places(body):
        node = block[index]
        if isinstance(node, Definition):
            found[node.name if isinstance(node, ast.ClassDef) else function_name(node)] = block, index
    return found


def _places(block: list[ast.stmt]) -> Iterator[tuple[list[ast.stmt], int]]:
    """Yield each statement of a scope that may run at import, as its list and the index in it."""
    for index, statement in enumerate(block):
        yield block, index
        if isinstance(statement, Definition):
            continue
        parts = [statement, *getattr(statement, "handlers", []), *getattr(statement, "cases", [])]
        blocks = [getattr(part, field, []) for part in parts for field in ("body", "orelse", "finalbody")]
        for inner in blocks[1:] if _not_at_import(statement) else blocks:
            yield from _places(inner)


def _bound_in(body: Sequence[ast.AST]) -> set[str]:
    """Return the names that these statements bind in their own scope, also inside `if`, `try`, `with` and loops."""
    names: set[str] = set()
    waiting = list(body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, Definition):
            names.add(node.name)
        elif isinstance(node, ast.alias):
            names.add(_alias_name(node))
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        waiting.extend(_inner_nodes(node))
    return names


def _inner_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a node's children of the same scope, without what doesn't run at import, and what only annotates."""
    if isinstance(node, ast.If) and _not_at_import(node):
        yield from node.orelse
    elif not (isinstance(node, _SCOPES) or (isinstance(node, ast.AnnAssign) and node.value is None)):
        yield from ast.iter_child_nodes(node)


def _not_at_import(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) in _NOT_AT_IMPORT


def _qualified_names(body: list[ast.stmt], prefix: str = "") -> set[str]:
    """Return the names that a module and its classes bind: "matmul", "Tensor.sum"."""
    names = {prefix + name for name in _bound_in(body)}
    for name, (block, index) in _definitions(body).items():
        node = block[index]
        if isinstance(node, ast.ClassDef):
            names |= _qualified_names(node.body, f"{prefix}{name}.")
    return names


def _alias_name(alias: ast.alias) -> str:
    return alias.asname or alias.name.partition(".")[0]


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _after_header(body: list[ast.stmt]) -> int:
    """Return the index behind the docstring and the `__future__` imports."""
    index = 0
    while index < len(body) and (
        (index == 0 and _is_docstring(body[index])) or getattr(body[index], "module", "") == "__future__"
    ):
        index += 1
    return index


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
    """Give module-level names of the reference other names, in definitions and uses.

    They must not be parameters, local variables or names of a class anywhere in the reference: the tests see to it.
    """

    def __init__(self, names: dict[str, str]) -> None:
        self.names = names

    def visit_Module(self, node: ast.Module) -> ast.Module:
        for statement in node.body:
            if isinstance(statement, Definition):
                statement.name = self.names.get(statement.name, statement.name)
        self.generic_visit(node)
        return node

    def visit_Name(self, node: ast.Name) -> ast.Name:
        node.id = self.names.get(node.id, node.id)
        return node

    def visit_Global(self, node: ast.Global) -> ast.Global:
        node.names = [self.names.get(name, name) for name in node.names]
        return node

    def visit_alias(self, node: ast.alias) -> ast.alias:
        name = _alias_name(node)
        if name in self.names:
            node.asname = self.names[name]
        return node
