"""`tito graph`: the graph that an expression records, as text, as a picture, or as JSON.

Public parts: `graph`.
"""

import ast
import builtins
import difflib
import re
from typing import Annotated, Any

import typer

from tito.answer import Json, document, say
from tito.course import ROOT, RUNS, UnknownName
from tito.editor import open_in_editor
from tito.limit import import_course
from tito.memory import CannotDo, shown, write_whole

FOLDER = RUNS / "graphs"
SHAPE = (3, 3)  # of a name for which none is given: square matrices fit every operation
LARGEST = 10_000  # elements of an example tensor
LONGEST_NAME = 60  # letters of a picture's file name
SHAPE_TEXT = re.compile(r"(?P<name>[^\W\d]\w*)=(?P<lengths>\d+(x\d+)*|\(\))")
EXAMPLE = 'tito graph "(a @ b + c).sum()" --shape a=2x3 --shape b=3x4 --shape c=4'


def graph(
    expression: Annotated[str, typer.Argument(help='What to compute, such as "(a @ b + c).sum()".')],
    shape: Annotated[
        list[str] | None, typer.Option(metavar="NAME=2x3", help="A name's shape; 3x3 without; =() for a number.")
    ] = None,
    constant: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A name that requires no gradient; the others do.")
    ] = None,
    svg: Annotated[bool, typer.Option("--svg", help="Draw a picture as well, into runs/graphs/.")] = False,
    as_json: Json = False,
) -> None:
    """Show what an expression records: the operations, their inputs, and the order in which backward visits them.

    Every name that TinyTorch, NumPy (`np`) and Python don't know is a small example tensor.

    Example: tito graph "(a @ b + c).sum()" --shape a=2x3 --shape b=3x4 --shape c=4
    """
    code = _parsed(expression)
    import_course()
    import tinytorch
    from tinytorch import _workspace
    from tinytorch.graph import graph_text

    known = {**vars(builtins), **{name: getattr(tinytorch, name) for name in tinytorch.__all__}, **_modules()}
    tensors = _examples(_free_names(code, known), shape or [], constant or [])
    result = _evaluated(code, {**known, **tensors}, tensors)
    names = {tensor: name for name, tensor in tensors.items()}
    picture = _draw(expression, result, names) if svg else None
    if as_json:
        nodes = _nodes(result, names)
        document({"expression": expression, "nodes": nodes, "backward": _visits(result), "svg": picture})
        return
    say(_workspace.yours())
    print(graph_text(result, names=names))
    print(f"backward visits: {', '.join(_visits(result))}")
    if picture:
        print(f"picture: {picture}")
        open_in_editor(ROOT / picture)


def _modules() -> dict[str, Any]:
    import numpy as np

    from tinytorch import nn, optim

    return {"np": np, "nn": nn, "optim": optim}


def _parsed(expression: str) -> ast.Expression:
    try:
        return ast.parse(expression.strip(), mode="eval")
    except SyntaxError as error:
        place = f" at letter {error.offset}" if error.offset else ""
        raise CannotDo(f"{expression!r} is no expression: {error.msg}{place}; try: {EXAMPLE}") from None
    except (ValueError, RecursionError, MemoryError):
        raise CannotDo(f"the expression can't be read; try: {EXAMPLE}") from None


def _free_names(code: ast.Expression, known: dict[str, Any]) -> list[str]:
    """Return the names that stand for tensors, in the order of the text. Raises UnknownName for an unknown function."""
    nodes = list(ast.walk(code))
    bound = {node.arg for node in nodes if isinstance(node, ast.arg)}
    bound |= {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    for call in (node for node in nodes if isinstance(node, ast.Call)):
        name = getattr(call.func, "id", "")
        if name and name not in known and name not in bound:
            near = difflib.get_close_matches(name, known, n=3)
            raise UnknownName(
                f"there is no function {name!r}" + (f"; did you mean {' or '.join(near)}?" if near else "")
            )
    used = sorted((n for n in nodes if isinstance(n, ast.Name)), key=lambda n: (n.lineno, n.col_offset))
    return list(dict.fromkeys(n.id for n in used if n.id not in bound and n.id not in known))


def _examples(names: list[str], shapes: list[str], constants: list[str]) -> dict[str, Any]:
    """Return a tensor for each name. Raises CannotDo for a shape that can't be read or is too large, UnknownName for
    a name that the expression lacks.
    """
    import numpy as np

    from tinytorch import Tensor

    wanted = dict(_shape(text) for text in shapes)
    for name in [*wanted, *constants]:
        if name not in names:
            there = f"its tensors are {', '.join(names)}" if names else "it has no tensors"
            raise UnknownName(f"the expression has no tensor {name!r}: {there}")
    numbers = np.random.default_rng(0)
    return {
        name: Tensor(
            numbers.uniform(0.5, 1.5, wanted.get(name, SHAPE)).astype(np.float32), requires_grad=name not in constants
        )
        for name in names
    }


def _shape(text: str) -> tuple[str, tuple[int, ...]]:
    """Return "a" and (2, 3) for "a=2x3"."""
    match = SHAPE_TEXT.fullmatch(text.replace(" ", ""))
    if match is None:
        raise CannotDo(f"--shape {text!r}: wanted a name and lengths, such as a=2x3, a=4, or a=() for a number")
    lengths = tuple(int(length) for length in re.findall(r"\d+", match["lengths"]))
    size = 1
    for length in lengths:
        size *= length
    if size > LARGEST:
        raise CannotDo(f"--shape {text!r}: {size:,} elements; {LARGEST:,} are enough to see a graph")
    return match["name"], lengths


def _evaluated(code: ast.Expression, known: dict[str, Any], tensors: dict[str, Any]) -> Any:
    """Return the tensor that the expression gives. Raises CannotDo where it raises, gives none, or records nothing."""
    from tinytorch import Tensor

    shapes = ", ".join(f"{name} {tensor.shape}" for name, tensor in tensors.items())
    try:
        result = eval(compile(code, "<expression>", "eval"), known)
    except Exception as error:  # whatever the typed expression raises is the answer
        with_shapes = f" (with {shapes}; --shape NAME=2x3 sets another shape)" if shapes else ""
        raise CannotDo(f"{type(error).__name__}: {error}{with_shapes}") from None
    if not isinstance(result, Tensor):
        raise CannotDo(f"the expression gives {type(result).__name__}, wanted a tensor; try: {EXAMPLE}")
    if result.op is None:
        raise CannotDo("nothing was recorded: the expression has no operation on a tensor that requires grad")
    return result


def _draw(expression: str, result: Any, names: dict[Any, str]) -> str:
    """Write the picture and return where it lies."""
    from tinytorch.graph import graph_svg

    try:
        picture = graph_svg(result, names=names)
    except ValueError as error:
        raise CannotDo(str(error)) from None
    name = re.sub(r"\W+", "-", expression).strip("-")[:LONGEST_NAME] or "graph"
    file = FOLDER / f"{name}.svg"
    write_whole(file, picture.encode())
    return shown(file)


def _all(result: Any) -> list[Any]:
    """Return every tensor that took part, once, the result first."""
    found = {result: None}
    order = [result]
    for node in order:
        order += [x for x in dict.fromkeys(node.inputs) if x not in found]
        found.update(dict.fromkeys(node.inputs))
    return order


def _visits(result: Any) -> list[str]:
    recorded = [node for node in _all(result) if node.op]
    return [node.op.__name__ for node in sorted(recorded, key=lambda node: -node.serial)]


def _nodes(result: Any, names: dict[Any, str]) -> list[dict[str, Any]]:
    """Return the graph for programs: each tensor with the places of its inputs in this list."""
    nodes = _all(result)
    place = {node: index for index, node in enumerate(nodes)}
    return [
        {
            "op": node.op.__name__ if node.op else None,
            "name": names.get(node),
            "shape": list(node.shape),
            "requires_grad": node.requires_grad,
            "inputs": [place[x] for x in node.inputs],
            "attributes": {key: repr(value) for key, value in node.attributes.items()} if node.op else {},
        }
        for node in nodes
    ]
