"""Small changes of source code, each of which some test should notice. For `mutate.py`.

Public parts: `Mutant`, `mutants`, `mutated_code`.

A mutant is one node of a file's syntax tree, changed: an operator, a comparison, a condition, a constant, an argument's
place, a statement left out. Annotations, docstrings, assertions and the texts of errors are left alone: no test should
depend on how they are worded.
"""

import ast
import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import CodeType

Node = ast.expr | ast.stmt
Function = ast.FunctionDef | ast.AsyncFunctionDef

OPERATORS: dict[type, type] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult, ast.Pow: ast.Mult,
    ast.Mod: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip

NOT_SWAPPED = {"cast", "hasattr", "isinstance"}  # with arguments swapped, these always raise; those below do the same
NOT_SWAPPED |= {"swapaxes", "max", "min", "maximum", "minimum", "logical_and", "logical_or", "logical_xor"}


@dataclass(frozen=True)
class Mutant:
    """One change in one function."""

    function: str  # the outermost function that holds it: "Tensor.__add__"
    line: int
    before: str
    after: str
    tree: ast.Module  # of the whole file, unchanged
    node: Node  # what of it is changed
    changed: Node

    @property
    def lines(self) -> range:
        """The lines that run where the change does: of a statement with a body, those of its condition."""
        where = self.node.test if isinstance(self.node, ast.If | ast.While) else self.node
        return range(where.lineno, (where.end_lineno or where.lineno) + 1)

    def __str__(self) -> str:
        return f"{self.function}:{self.line}: {self.before}  ->  {self.after}"


def mutants(source: str) -> list[Mutant]:
    """Return all mutants of a file, in the order of its lines."""
    tree = ast.parse(source)
    found = []
    for name, function in _functions(tree):
        parents = {child: parent for parent in ast.walk(function) for child in ast.iter_child_nodes(parent)}
        for node in _code_nodes(function):
            for change in _changes(node):
                changed = change(copy.deepcopy(node))
                before, after = _shown(node, changed, parents)
                found.append(Mutant(name, node.lineno, before, after, tree, node, changed))
    return sorted(found, key=lambda m: (m.line, m.before, m.after))


def mutated_code(mutant: Mutant, path: str) -> CodeType:
    """Return the changed function's code object."""
    taken_for_copies = {id(mutant.node): mutant.changed}
    tree = copy.deepcopy(mutant.tree, taken_for_copies)
    return _find(compile(tree, path, "exec", dont_inherit=True), mutant.function)


def _functions(tree: ast.Module) -> Iterator[tuple[str, Function]]:
    """Yield functions and methods by qualified name; what stands inside a function belongs to it."""
    for node in tree.body:
        if isinstance(node, Function):
            yield node.name, node
        elif isinstance(node, ast.ClassDef):
            for method in node.body:
                if isinstance(method, Function):
                    yield f"{node.name}.{method.name}", method


def _code_nodes(function: Function) -> Iterator[Node]:
    """Yield the statements and expressions that do something."""
    body = function.body[1:] if ast.get_docstring(function, clean=False) is not None else function.body
    waiting: list[ast.AST] = [*body]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Assert | ast.JoinedStr) or _asserts_lengths(node):
            continue
        if isinstance(node, ast.Raise):
            yield node  # whether it raises is a matter for tests, what it says isn't
            continue
        if isinstance(node, ast.expr | ast.stmt):
            yield node
        annotation = getattr(node, "annotation", None)
        waiting += [child for child in ast.iter_child_nodes(node) if child is not annotation]


def _asserts_lengths(node: ast.AST) -> bool:
    """Return whether it is `strict=True` of a zip: an assertion too."""
    return isinstance(node, ast.keyword) and node.arg == "strict" and ast.unparse(node.value) == "True"


def _changes(node: Node) -> Iterator[Callable[[Node], Node]]:
    """Yield functions that turn a copy of the node into a changed one."""
    if isinstance(node, ast.BinOp | ast.AugAssign | ast.BoolOp) and type(node.op) in OPERATORS:
        yield _other_operator
    elif isinstance(node, ast.Compare) and type(node.ops[0]) in OPERATORS:
        yield _other_comparison
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.Not):
        yield lambda n: n.operand  # type: ignore[union-attr]
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool | int | float):
        yield _other_constant
    elif isinstance(node, ast.IfExp | ast.If | ast.While):
        yield _negated_condition
    elif isinstance(node, ast.Call) and _can_be_swapped(node):
        yield _swapped_arguments
    elif isinstance(node, ast.Expr | ast.Raise | ast.Delete) and not _is_ellipsis(node):
        yield lambda n: ast.copy_location(ast.Pass(), n)
    elif isinstance(node, ast.Return) and node.value is not None and not _is_none(node.value):
        yield lambda n: ast.copy_location(ast.Return(ast.copy_location(ast.Constant(None), n)), n)


def _other_operator(node: Node) -> Node:
    node.op = OPERATORS[type(node.op)]()  # type: ignore[union-attr]
    return node


def _other_comparison(node: Node) -> Node:
    node.ops[0] = OPERATORS[type(node.ops[0])]()  # type: ignore[union-attr]
    return node


def _other_constant(node: Node) -> Node:
    value = node.value  # type: ignore[union-attr]
    node.value = (not value) if isinstance(value, bool) else value + 1  # type: ignore[union-attr]
    return node


def _negated_condition(node: Node) -> Node:
    test = node.test  # type: ignore[union-attr]
    node.test = ast.copy_location(ast.UnaryOp(ast.Not(), test), test)  # type: ignore[union-attr]
    return node


def _swapped_arguments(node: Node) -> Node:
    node.args = node.args[::-1]  # type: ignore[union-attr]
    return node


def _can_be_swapped(call: ast.Call) -> bool:
    starred = any(isinstance(argument, ast.Starred) for argument in call.args)
    return len(call.args) == 2 and not starred and ast.unparse(call.func).rpartition(".")[2] not in NOT_SWAPPED


def _is_ellipsis(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and node.value.value is ...


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _shown(node: Node, changed: Node, parents: Mapping[ast.AST, ast.AST]) -> tuple[str, str]:
    """Return the texts before and after; of a constant or a sign with what it stands in, as `x[-1]`."""
    around: ast.AST = node
    while isinstance(around, ast.Constant | ast.UnaryOp) or not isinstance(around, ast.expr | ast.stmt):
        around = parents[around]
    after = copy.deepcopy(around, {id(node): changed})
    before_text, after_text = (ast.unparse(n).partition("\n")[0] for n in (around, after))
    return before_text, after_text


def _find(code: CodeType, qualname: str) -> CodeType:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            if constant.co_qualname == qualname:
                return constant
            if qualname.startswith(f"{constant.co_qualname}."):
                return _find(constant, qualname)
    raise LookupError(f"{qualname} isn't in the compiled file")
