"""Module 03: layers, functions that own what they learn.

Public parts: `Layer` (the base of all), `Linear` (also called `Dense`), `Flatten`, `Sequential`.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike

from tinytorch.tensor import Shape, Tensor, as_tensor


class Layer:
    """A function with parameters: a subclass sets tensors and layers as attributes and defines `forward`.

    An attribute that is a Tensor with `requires_grad` is a parameter; layers, lists, tuples and dicts are searched.

    >>> class Scale(Layer):
    ...     def __init__(self):
    ...         self.factor = Tensor(2.0, requires_grad=True)
    ...     def forward(self, x):
    ...         return x * self.factor
    >>> Scale()(Tensor([1.0, 2.0])).tolist(), len(Scale().parameters())
    ([2.0, 4.0], 1)
    """

    training: bool = True  # layers that behave otherwise while training (dropout) ask this

    def forward(self, *inputs: Any) -> Any:
        """Compute the layer's result. Raises NotImplementedError until a subclass defines it."""
        raise NotImplementedError(f"{type(self).__name__} has no forward(): define what calling the layer runs")

    def __call__(self, *inputs: Any) -> Any:
        """Return `forward(*inputs)`."""
        return self.forward(*inputs)

    def parameters(self) -> list[Tensor]:
        """Return the parameters in the order in which they were set; one that stands in several places comes once."""
        found = {id(x): x for x in _walk(self, set()) if isinstance(x, Tensor) and x.requires_grad}
        return list(found.values())

    def train(self, training: bool = True) -> Self:
        """Set `training` here and in every layer inside; return self."""
        for x in _walk(self, set()):
            if isinstance(x, Layer):
                x.training = training
        return self

    def eval(self) -> Self:
        """Prepare this layer and every layer inside for use rather than training; return self."""
        return self.train(False)


def _walk(value: object, seen: set[int]) -> Iterator[Tensor | Layer]:
    """Yield the tensors and layers inside a value, in insertion order, each layer once and before its parts."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, Layer | list | tuple | dict) and id(value) not in seen:
        seen.add(id(value))
        if isinstance(value, Layer):
            yield value
            value = vars(value)
        for part in value.values() if isinstance(value, dict) else value:
            yield from _walk(part, seen)


class Linear(Layer):
    """An affine map of the last axis: x @ weight + bias, (..., in_features) -> (..., out_features).

    weight: (in_features, out_features), the transpose of PyTorch's; bias: (out_features,), or None with `bias=False`.
    Both start uniform in ±1/sqrt(in_features), as in PyTorch.
    seed: what the first values are drawn from: an int, a Generator (one for all layers of a network), or None for other
        values in every run.

    Raises ValueError for a length below 1, and on calls with another last axis than in_features.
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
        seed: "int | np.random.Generator | None" = None,
        dtype: DTypeLike = np.float32,
    ) -> None:
        if in_features < 1 or out_features < 1:
            raise ValueError(f"Linear wanted a feature or more on both sides, got ({in_features}, {out_features})")
        generator = np.random.default_rng(seed)
        bound = 1 / math.sqrt(in_features)

        def drawn(*shape: int) -> Tensor:
            return Tensor(generator.uniform(-bound, bound, shape), dtype, requires_grad=True)

        self.weight = drawn(in_features, out_features)
        self.bias = drawn(out_features) if bias else None

    @property
    def in_features(self) -> int:
        """The length of the input's last axis."""
        return self.weight.shape[0]

    @property
    def out_features(self) -> int:
        """The length of the result's last axis."""
        return self.weight.shape[1]

    def forward(self, x: Tensor) -> Tensor:
        """Return x @ weight + bias: (..., in_features) -> (..., out_features)."""
        x = as_tensor(x)
        if x.shape[-1:] != (self.in_features,):
            advice = _advice(x.shape, self.in_features)
            raise ValueError(f"{self} wanted (..., {self.in_features}), got {x.shape}; {advice}")
        y = x @ self.weight
        return y if self.bias is None else y + self.bias

    def __repr__(self) -> str:
        return f"Linear({self.in_features}, {self.out_features}{'' if self.bias else ', bias=False'})"


Dense = Linear  # Keras's name


def _advice(shape: Shape, in_features: int) -> str:
    """Say what may help against a wrong last axis."""
    if len(shape) > 1 and math.prod(shape[1:]) == in_features:
        return "put Flatten() before it?"
    return "what comes before it must end in that many features"


class Flatten(Layer):
    """Make one vector of each sample: (N, ...) -> (N, features)."""

    def forward(self, x: Tensor) -> Tensor:
        """Return x as (N, features). Raises ValueError for a tensor without axes."""
        x = as_tensor(x)
        if not x.ndim:
            raise ValueError("Flatten wanted (N, ...), got a tensor without axes; reshape it to (1, 1)?")
        return x.reshape(x.shape[0], math.prod(x.shape[1:]))

    def __repr__(self) -> str:
        return "Flatten()"


class Sequential(Layer):
    """Layers one after the other: `Sequential(a, b)` or `Sequential([a, b])` is x -> b(a(x)).

    Functions of one tensor, such as `relu`, may stand among them. Raises TypeError for what can't be called.

    >>> model = Sequential(Linear(4, 3, seed=0), Linear(3, 2, seed=1))
    >>> [p.shape for p in model.parameters()]
    [(4, 3), (3,), (3, 2), (2,)]
    """

    def __init__(self, *layers: Callable[[Tensor], Tensor] | Iterable[Callable[[Tensor], Tensor]]) -> None:
        if len(layers) == 1 and isinstance(layers[0], Iterable) and not isinstance(layers[0], Layer):
            layers = tuple(layers[0])
        self.layers: list[Callable[[Tensor], Tensor]] = []
        for position, layer in enumerate(layers):
            if not callable(layer) or isinstance(layer, type):
                hint = f"{layer.__name__}()" if isinstance(layer, type) else "a layer or a function"
                raise TypeError(f"Sequential can't call its part {position}, {layer!r:.80}; did you mean {hint}?")
            self.layers.append(layer)

    def forward(self, x: Tensor) -> Tensor:
        """Return what the last layer makes of what the ones before it made of x."""
        for layer in self.layers:
            x = layer(x)
        return x

    def __len__(self) -> int:
        return len(self.layers)

    def __iter__(self) -> Iterator[Callable[[Tensor], Tensor]]:
        return iter(self.layers)

    def __getitem__(self, index: int) -> Callable[[Tensor], Tensor]:
        return self.layers[index]

    def __repr__(self) -> str:
        return f"Sequential({', '.join(map(repr, self.layers))})"
