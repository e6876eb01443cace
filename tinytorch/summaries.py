"""Module 03: a table of a network, what each layer returns, learns, computes and keeps.

Public parts: `summary`, and what it returns, `Summary` of `Row`s.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from tinytorch.autograd import no_grad
from tinytorch.layer_base import Layer
from tinytorch.layer_tree import parts_of
from tinytorch.parameter import is_parameter, is_state
from tinytorch.tensor import Shape, Tensor

HEADS = ("layer", "output", "parameters", "FLOPs", "memory")


class Row(NamedTuple):
    """What is known of a layer; parameters, FLOPs and memory are its own, without those of layers inside."""

    name: str  # "" for the whole, else as in `Layer.named_modules`
    kind: str  # the class
    output: Shape | None  # of the last call; None if it wasn't called, or returns no tensor
    parameters: int
    flops: int  # multiplications and additions of matrix products, in all calls
    memory: int  # bytes of its parameters, buffers and results, as far as these are no views of others


class Summary(NamedTuple):
    """A network's rows; `print` shows them as a table."""

    rows: list[Row]

    @property
    def parameters(self) -> int:
        """How many numbers the network learns."""
        return sum(row.parameters for row in self.rows)

    @property
    def flops(self) -> int:
        """How many multiplications and additions the matrix products of one call take."""
        return sum(row.flops for row in self.rows)

    @property
    def memory(self) -> int:
        """How many bytes parameters, buffers and results take."""
        return sum(row.memory for row in self.rows)

    def __str__(self) -> str:
        total = ("total", "", f"{self.parameters:,}", f"{self.flops:,}", _bytes(self.memory))
        names = {row.name for row in self.rows}
        lines = [HEADS, *(_cells(row, names) for row in self.rows), total]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        return "\n".join(_aligned(cells, widths) for cells in lines)


def summary(model: Layer, *input_shapes: Shape, dtype: DTypeLike = np.float32) -> Summary:
    """Call the model once on zeros and return what each layer made of it.

    input_shapes: one an input, with the axis of samples: `summary(model, (1, 64))`. dtype: that of the inputs.
    The model is in evaluation mode meanwhile and in its former modes afterwards; nothing is recorded for gradients.
    FLOPs are those of matrix products; elementwise work takes far less time and is left out.

    Raises TypeError for a model that is no layer and for a shape that isn't one, ValueError for a negative length, and
    whatever the model raises.
    """
    if not isinstance(model, Layer):
        raise TypeError(f"summary wanted a layer, got {type(model).__name__}")
    for shape in input_shapes:
        if not isinstance(shape, tuple | list) or not all(hasattr(length, "__index__") for length in shape):
            raise TypeError(f"summary wanted shapes such as (1, 64), got {shape!r}")
        if min(shape, default=0) < 0:
            raise ValueError(f"summary wanted lengths of 0 or more, got {shape}")
    calls = _Calls()
    modes = [(layer, layer.training) for layer in model.modules()]
    handles = [layer.register_forward_hook(calls.add) for layer, _ in modes]
    try:
        model.eval()
        with no_grad():
            model(*[Tensor(np.zeros(shape, dtype)) for shape in input_shapes])
    finally:
        for handle in handles:
            handle.remove()
        for layer, training in modes:
            layer.training = training
    return Summary(_rows(model, calls))


class _Calls:
    """What was seen of the calls of each layer, by its id: layers may compare as equal."""

    def __init__(self) -> None:
        self.shapes: dict[int, Shape] = {}
        self.flops: dict[int, int] = {}
        self.memory: dict[int, int] = {}
        self._kept: dict[int, Any] = {}  # arrays that own memory, by id, alive until all is counted

    def add(self, layer: Layer, inputs: tuple[Any, ...], result: Any) -> None:
        key = id(layer)
        self.flops[key] = self.flops.get(key, 0) + layer.count_flops(*inputs)
        for x in inputs:
            self._new_bytes(x)
        self.memory[key] = self.memory.get(key, 0) + self._new_bytes(result)
        if isinstance(result, Tensor):
            self.shapes[key] = result.shape

    def _new_bytes(self, x: Any) -> int:
        """Return the bytes of a tensor's array unless it, or the array that it is a view of, was seen before."""
        if not isinstance(x, Tensor):
            return 0
        owner = x.data if x.data.base is None else x.data.base
        seen = id(owner) in self._kept
        self._kept[id(owner)] = owner
        return 0 if seen else x.data.nbytes


def _rows(model: Layer, calls: _Calls) -> list[Row]:
    rows: list[Row] = []
    seen: set[int] = set()  # the tensors' ids: what stands in several places counts once
    for name, layer in model.named_modules():
        own = [x for _, x in parts_of(layer, is_state) if id(x) not in seen]
        seen.update(map(id, own))
        learned = {id(x): x.size for x in own if is_parameter(x)}
        rows.append(
            Row(
                name=name,
                kind=type(layer).__name__,
                output=calls.shapes.get(id(layer)),
                parameters=sum(learned.values()),
                flops=calls.flops.get(id(layer), 0),
                memory=calls.memory.get(id(layer), 0) + sum({id(x): x.data.nbytes for x in own}.values()),
            )
        )
    return rows


def _cells(row: Row, names: set[str]) -> tuple[str, ...]:
    """Return a row's texts; a layer is indented once for each layer that it is in, but not for lists and dicts."""
    words = row.name.split(".")
    above = {".".join(words[:length]) for length in range(len(words))}  # "a.b.c" -> "", "a", "a.b"
    indent = "  " * len(above & names) if row.name else ""
    return (
        f"{indent}{row.name + ': ' if row.name else ''}{row.kind}",
        "" if row.output is None else str(row.output),
        f"{row.parameters:,}" if row.parameters else "",
        f"{row.flops:,}" if row.flops else "",
        _bytes(row.memory) if row.memory else "",
    )


def _aligned(cells: tuple[str, ...], widths: list[int]) -> str:
    left = [f"{cell:<{width}}" for cell, width in zip(cells[:2], widths[:2], strict=True)]
    right = [f"{cell:>{width}}" for cell, width in zip(cells[2:], widths[2:], strict=True)]
    return "  ".join(left + right).rstrip()


def _bytes(count: float) -> str:
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} GB"
