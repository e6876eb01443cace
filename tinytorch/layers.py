"""Module 03: layers, functions that own what they learn.

Public parts: `Linear` (also called `Dense`), `Dropout` with its operation `dropout`, `Flatten`, `Unflatten`,
`Identity`, `Sequential`. Their base `Layer`, `Parameter` and `Buffer` come from `tinytorch/layer_base.py`; other
containers are in `tinytorch/containers.py`, first values other than Linear's own in `tinytorch/init.py`, a table of a
network in `tinytorch/summaries.py`.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from tinytorch.arrays import whole
from tinytorch.checks import number
from tinytorch.containers import Function, LayerParts, PartList
from tinytorch.containers import ModuleList as ModuleList  # "as": whoever imports layers finds these here
from tinytorch.creation import Seed, generator_of
from tinytorch.init import uniform_
from tinytorch.layer_base import Buffer as Buffer
from tinytorch.layer_base import Layer as Layer
from tinytorch.layer_base import Parameter as Parameter
from tinytorch.tensor import Operand, Shape, Tensor, as_tensor, record
from tinytorch.torch_dtypes import device as check_device


class Linear(Layer):
    """An affine map of the last axis: x @ weight + bias, (..., in_features) -> (..., out_features).

    weight: (in_features, out_features), the transpose of PyTorch's. With `state = theirs.state_dict()` take its values
    over by `ours.load_state_dict({"weight": state["weight"].T, "bias": state["bias"]})`.
    bias: (out_features,), or None with `bias=False`.
    Both start uniform in ±1/sqrt(in_features), as in PyTorch.
    seed: what the first values are drawn from: an int, a Generator (one for all layers of a network), or None for other
        values in every run. dtype: None is float32. device: None or "cpu", for scripts that name it.

    Raises TypeError for a length that is no int, ValueError for one below 1 (PyTorch makes a layer of 0 features), and
    on calls with another last axis than in_features.
    Source: He, Zhang, Ren, Sun, "Delving deep into rectifiers" (2015), eq. 15 with a² = 5.

    >>> Linear(3, 2, seed=0)(Tensor([[1.0, 2.0, 3.0]])).shape
    (1, 2)
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        *,
        seed: Seed = None,
        dtype: DTypeLike | None = None,
        device: str | None = None,
    ) -> None:
        shape = whole(in_features, "Linear's in_features"), whole(out_features, "Linear's out_features")
        if min(shape) < 1:
            raise ValueError(f"Linear wanted a feature or more on both sides, got {shape}")
        check_device("cpu" if device is None else device)
        dtype = np.float32 if dtype is None else dtype
        self.weight: Tensor = Parameter(np.empty(shape, dtype))
        self.bias: Tensor | None = Parameter(np.empty(shape[1:], dtype)) if bias else None
        self.reset_parameters(seed)

    def reset_parameters(self, seed: Seed = None) -> None:
        """Draw new first values."""
        generator = generator_of(seed)
        bound = 1 / math.sqrt(self.in_features)
        for x in (self.weight, self.bias):
            if x is not None:
                uniform_(x, -bound, bound, seed=generator)

    @property
    def in_features(self) -> int:
        """The length of the input's last axis."""
        return self.weight.shape[0]

    @property
    def out_features(self) -> int:
        """The length of the result's last axis."""
        return self.weight.shape[1]

    def forward(self, x: Operand) -> Tensor:
        """Return x @ weight + bias: (..., in_features) -> (..., out_features)."""
        x = as_tensor(x)
        if x.shape[-1:] != (self.in_features,):
            advice = _advice(x.shape, self.in_features)
            raise ValueError(f"{self} wanted (..., {self.in_features}), got {x.shape}; {advice}")
        rows = x.reshape(math.prod(x.shape[:-1]), self.in_features) if x.ndim > 2 else x  # one product, not a stack
        y = rows @ self.weight
        y = y if self.bias is None else y + self.bias
        return y.reshape(*x.shape[:-1], self.out_features) if x.ndim > 2 else y

    def count_flops(self, *inputs: Any) -> int:
        """Return 2 * in_features * out_features a row: a multiplication and an addition a weight."""
        rows: int = inputs[0].size // self.in_features
        return 2 * rows * self.weight.size

    def extra_repr(self) -> str:
        """Show both lengths."""
        return f"{self.in_features}, {self.out_features}{'' if self.bias is not None else ', bias=False'}"


Dense = Linear  # Keras's name


def _advice(shape: Shape, in_features: int) -> str:
    """Say what may help against a wrong last axis."""
    if len(shape) > 1 and math.prod(shape[1:]) == in_features:
        return "put Flatten() before it?"
    return "what comes before it must end in that many features"


def dropout(
    input: Operand, p: float = 0.5, training: bool = True, inplace: bool = False, *, seed: Seed = None
) -> Tensor:
    """Return x with each element set to 0 with probability p, and the others divided by 1 - p: the mean stays.

    x is the first argument; without training it is returned itself. seed: as in `Linear`. inplace: without effect.
    Raises ValueError for p outside [0, 1], TypeError for integers.
    Source: Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting" (2014), section 10.
    """
    x = as_tensor(input)
    p = _probability("dropout", p)
    if not training or p == 0:
        return x
    if x.dtype.kind != "f":
        raise TypeError(f"dropout wanted floats, got {x.dtype}; try dtype=np.float32")
    kept = generator_of(seed).random(x.shape, dtype=np.float32) >= p  # random() is below 1: p = 1 keeps none
    scale = 1 / (1 - p) if p < 1 else 0.0
    with np.errstate(invalid="ignore", over="ignore"):  # infinity times 0 is NaN, as in PyTorch
        return record(dropout, x.data * kept * scale, x, kept=kept, scale=scale)


class Dropout(Layer):
    """`dropout` as a layer: it acts while training, and passes x through after `eval()`.

    seed: what decides the elements: an int, a Generator (one for all layers of a network), or None for other ones in
        every run. The layer's own Generator is `generator`.
    Raises ValueError for p outside [0, 1].
    """

    def __init__(self, p: float = 0.5, inplace: bool = False, *, seed: Seed = None) -> None:
        self.p = _probability("Dropout", p)
        self.generator = generator_of(seed)

    def forward(self, x: Operand) -> Tensor:
        """Return dropout(x): any shape -> the same shape."""
        return dropout(x, self.p, self.training, seed=self.generator)

    def extra_repr(self) -> str:
        """Show the probability."""
        return f"p={self.p}"


def _probability(name: str, p: float) -> float:
    p = number(p, f"{name}'s p")
    if not 0 <= p <= 1:
        raise ValueError(f"{name} wanted a probability p from 0 to 1, got {p}; it is the share that becomes 0")
    return p


class Identity(Layer):
    """Returns its input: a place where another layer may stand, whose arguments it takes and forgets."""

    def __init__(self, *args: Any, **kwargs: Any) -> None: ...

    def forward(self, x: Tensor) -> Tensor:
        """Return x."""
        return x


class Flatten(Layer):
    """Make one axis of those from start_axis to end_axis: (N, ...) -> (N, features) without arguments.

    start_dim and end_dim are PyTorch's names.

    >>> Flatten()(Tensor(np.zeros((5, 2, 3)))).shape, Flatten(0, 1)(Tensor(np.zeros((5, 2, 3)))).shape
    ((5, 6), (10, 3))
    """

    def __init__(
        self, start_axis: int = 1, end_axis: int = -1, *, start_dim: int | None = None, end_dim: int | None = None
    ) -> None:
        self.start_axis = whole(start_axis if start_dim is None else start_dim, "Flatten's start_axis")
        self.end_axis = whole(end_axis if end_dim is None else end_dim, "Flatten's end_axis")

    def forward(self, x: Operand) -> Tensor:
        """Return x with fewer axes; a single number counts as (1,). Raises ValueError where these axes aren't."""
        x = as_tensor(x)
        x = x if x.ndim else x.reshape(1)
        start, end = (axis + x.ndim if axis < 0 else axis for axis in (self.start_axis, self.end_axis))
        if not 0 <= start <= end < x.ndim:
            raise ValueError(
                f"Flatten wanted the axes {self.start_axis} to {self.end_axis}, got the shape {x.shape}; is the axis "
                f"of samples missing?"
            )
        return x.reshape(*x.shape[:start], math.prod(x.shape[start : end + 1]), *x.shape[end + 1 :])

    def extra_repr(self) -> str:
        """Show the axes unless they are the usual ones."""
        axes = (self.start_axis, self.end_axis)
        return "" if axes == (1, -1) else f"start_axis={axes[0]}, end_axis={axes[1]}"


class Unflatten(Layer):
    """Make several axes of one: `Unflatten(1, (C, H, W))` is (N, features) -> (N, C, H, W).

    dim: the axis, by PyTorch's name. unflattened_size: the lengths it becomes, one of which may be -1, for the rest.
    """

    def __init__(self, dim: int, unflattened_size: Iterable[int]) -> None:
        self.axis = whole(dim, "Unflatten's dim")
        self.lengths = tuple(whole(length, "Unflatten's unflattened_size") for length in unflattened_size)

    def forward(self, x: Operand) -> Tensor:
        """Return x with more axes. Raises ValueError where the axis isn't, or its length is no product of those."""
        x = as_tensor(x)
        if not -x.ndim <= self.axis < x.ndim:
            raise ValueError(f"Unflatten wanted the axis {self.axis}, got the shape {x.shape}")
        axis = self.axis % x.ndim
        return x.reshape(*x.shape[:axis], *_filled(self.lengths, x.shape[axis]), *x.shape[axis + 1 :])

    def extra_repr(self) -> str:
        """Show the axis and its lengths."""
        return f"{self.axis}, {self.lengths}"


def _filled(lengths: Shape, product: int) -> Shape:
    """Return the lengths with -1 made what is left. Raises ValueError if their product isn't this one."""
    known = math.prod(length for length in lengths if length != -1)
    rest = product // known if lengths.count(-1) == 1 and known else -1
    filled = tuple(rest if length == -1 else length for length in lengths)
    if min(filled, default=0) < 0 or math.prod(filled) != product:
        raise ValueError(f"Unflatten wanted lengths with the product {product}, got {lengths}")
    return filled


class Sequential(LayerParts, PartList[Function]):
    """Layers one after the other: `Sequential(a, b)` or `Sequential([a, b])` is x -> b(a(x)).

    Functions of one tensor, such as `relu`, may stand among them. Raises TypeError for what can't be called.
    Its parts are named "0", "1", ..., or as in `Sequential({"hidden": a, "out": b})`, where `model.hidden` is a.
    `model[0]` is one of them, `model[:2]` a Sequential that shares them under the same names. A layer that is set as an
    attribute becomes the last one, as in PyTorch.

    >>> model = Sequential(Linear(4, 3, seed=0), Linear(3, 2, seed=1))
    >>> [(name, p.shape) for name, p in model.named_parameters()]
    [('0.weight', (4, 3)), ('0.bias', (3,)), ('1.weight', (3, 2)), ('1.bias', (2,))]
    """

    def __init__(self, *layers: Function | Iterable[Function] | Mapping[str, Function]) -> None:
        if len(layers) == 1 and isinstance(layers[0], Iterable) and not isinstance(layers[0], Layer):
            super().__init__(layers[0])
        else:
            super().__init__(layers)  # type: ignore[arg-type]  # it checks

    def forward(self, x: Any) -> Any:
        """Return what the last layer makes of what the ones before it made of x."""
        for layer in self:
            x = layer(x)
        return x

    def _selected(self, parts: Mapping[str, Function]) -> "Sequential":
        return Sequential(parts)
