"""Module 05: what was recorded, shown, the graph that led to a tensor as text and as a picture.

Public parts: `graph_text`, `graph_svg`. Both take any tensor that was computed with gradients, before its backward.
"""

from collections.abc import Mapping
from html import escape

from tinytorch.tensor import Tensor

MOST = 200  # results shown: a picture of more can't be read
WIDTH, HEIGHT = 150, 70  # pixels between neighbours in the picture
BOX_WIDTH, BOX_HEIGHT = 124, 38


Names = Mapping[Tensor, str]


def graph_text(tensor: Tensor, most: int = MOST, names: Names | None = None) -> str:
    """Return the graph as an indented list, the result first, its inputs below it.

    A tensor that is used several times is described once and then referred to by its number. At most `most` lines.
    names: what leaves are called; the others are "leaf", and numbers without axes are shown as such.

    >>> a, b = Tensor([2.0], requires_grad=True), Tensor([3.0])
    >>> print(graph_text(a * b + a))
    1 add (1,)
      2 multiply (1,)
        3 leaf (1,) requires grad
        4 leaf (1,)
      3 again
    """
    _check(tensor)
    names = names or {}
    numbers: dict[Tensor, int] = {}
    lines: list[str] = []
    waiting = [(tensor, 0)]
    while waiting:
        node, depth = waiting.pop()
        if len(lines) == most:
            return "\n".join([*lines, f"... cut off after {most} lines"])
        if node in numbers:
            lines.append(f"{'  ' * depth}{numbers[node]} again")
            continue
        numbers[node] = len(numbers) + 1
        lines.append(f"{'  ' * depth}{numbers[node]} {' '.join(_label(node, names))}".rstrip())
        waiting += [(x, depth + 1) for x in reversed(node.inputs)]
    return "\n".join(lines)


def graph_svg(tensor: Tensor, most: int = MOST, names: Names | None = None) -> str:
    """Return the graph as an SVG picture: leaves at the top, the result at the bottom, an arrow for each use.

    names: what leaves are called, as in `graph_text`.
    Raises ValueError if more than `most` tensors took part.
    """
    _check(tensor)
    rows = _rows(tensor, most)
    place = {node: _centre(i, len(row), y, _widest(rows)) for y, row in enumerate(rows) for i, node in enumerate(row)}
    arrows = [_arrow(place[x], place[node]) for node in place for x in node.inputs]
    boxes = [_box(_label(node, names or {}), _kind(node), *place[node]) for node in place]
    width, height = _widest(rows) * WIDTH, len(rows) * HEIGHT
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
    return "\n".join([head, _STYLE, *arrows, *boxes, "</svg>\n"])


_STYLE = """<style>text { font: 12px sans-serif; text-anchor: middle; fill: #222 } rect { stroke: #456; fill: #eef3f8 }
.leaf { fill: #fff } .learns { fill: #fdf0d5 } path { stroke: #456; fill: none; marker-end: url(#head) }</style>
<rect width="100%" height="100%" style="fill: #fff; stroke: none"/>
<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
<polygon points="0,0 8,4 0,8" fill="#456"/></marker></defs>"""


def _check(tensor: object) -> None:
    if not isinstance(tensor, Tensor):
        raise TypeError(f"a graph wanted the tensor that it led to, got {type(tensor).__name__}")


def _label(node: Tensor, names: Names) -> tuple[str, str]:
    """Return what a tensor is, and its shape with what else matters."""
    if node.op is None and not node.requires_grad and not node.shape and node not in names:
        return f"{node.data:g}", ""
    if node.op is None:
        return names.get(node, "leaf"), f"{node.shape} requires grad" if node.requires_grad else f"{node.shape}"
    if not node.inputs:
        return node.op.__name__, f"{node.shape}, used up by a backward(): draw before it, or retain_graph=True"
    attributes = ", ".join(f"{k}={v}" for k, v in node.attributes.items() if _worth_showing(v))
    return node.op.__name__, f"{node.shape} {attributes}".strip()


def _worth_showing(value: object) -> bool:
    return isinstance(value, int | float | tuple | str) and value is not False


def _rows(tensor: Tensor, most: int) -> list[list[Tensor]]:
    """Return the tensors by their distance to the farthest leaf: every input stands above what it went into."""
    order: list[Tensor] = []
    seen: set[Tensor] = set()
    waiting = [(tensor, False)]
    while waiting:
        node, inputs_done = waiting.pop()
        if inputs_done:
            order.append(node)
        elif node not in seen:
            seen.add(node)
            if len(seen) > most:
                raise ValueError(f"more than {most} tensors took part: draw the graph of a smaller expression")
            waiting += [(node, True), *((x, False) for x in reversed(node.inputs))]
    level: dict[Tensor, int] = {}
    for node in order:
        level[node] = 1 + max((level[x] for x in node.inputs), default=-1)
    for node in reversed(order):  # a leaf stands just above its first use
        if not node.inputs:
            level[node] = min((level[user] for user in order if any(x is node for x in user.inputs)), default=1) - 1
    rows: list[list[Tensor]] = [[] for _ in range(1 + max(level.values()))]
    for node in order:
        rows[level[node]].append(node)
    return rows


def _widest(rows: list[list[Tensor]]) -> int:
    return max(len(row) for row in rows)


def _centre(index: int, count: int, row: int, widest: int) -> tuple[float, float]:
    return (index + 0.5 + (widest - count) / 2) * WIDTH, (row + 0.5) * HEIGHT


def _kind(node: Tensor) -> str:
    return "" if node.op else "learns" if node.requires_grad else "leaf"


def _box(label: tuple[str, str], kind: str, x: float, y: float) -> str:
    name, facts = (escape(text.replace(" requires grad", "")) for text in label)
    return (
        f'<rect class="{kind}" x="{x - BOX_WIDTH / 2}" y="{y - BOX_HEIGHT / 2}" width="{BOX_WIDTH}" '
        f'height="{BOX_HEIGHT}" rx="5"/>'
        f'<text x="{x}" y="{y - 4 if facts else y + 4}">{name}</text><text x="{x}" y="{y + 12}">{facts}</text>'
    )


def _arrow(start: tuple[float, float], end: tuple[float, float]) -> str:
    (x, y), (u, v) = start, end
    return f'<path d="M{x},{y + BOX_HEIGHT / 2} L{u},{v - BOX_HEIGHT / 2}"/>'
