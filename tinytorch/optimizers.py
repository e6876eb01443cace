"""Module 06: optimizers, which turn gradients into better parameters.

Public parts: `SGD`, `Adam`, and their base class `Optimizer`.

An update is a handful of elementwise steps. On whole arrays each of them would read and write main memory. Here a few
rows at a time go through all steps while they are in the processor's cache; one scratch array holds what lies between.
"""

import math
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from tinytorch.tensor import Array, Tensor

CHUNK = 32768  # elements at a time: Adam's five float32 arrays of them take 640 KiB


class Optimizer:
    """What optimizers share: the parameters, the learning rate `lr` (which may be assigned at any time), and scratch.

    Raises ValueError for no parameters, for one that comes twice, or for a negative lr; TypeError for what can't learn.
    """

    def __init__(self, parameters: Iterable[Tensor], lr: float) -> None:
        self.parameters = _learnable(parameters)
        self.lr = at_least_zero("lr", lr)
        self._shapes = [p.shape for p in self.parameters]
        self._scratch = np.empty(0)

    def zero_grad(self) -> None:
        """Forget the gradients: `backward` adds to what is there."""
        for p in self.parameters:
            p.grad = None

    def step(self) -> None:
        """Change each parameter that has a gradient, in place."""
        for index, p in enumerate(self.parameters):
            if p.grad is not None:
                before = self._shapes[index]
                if not p.grad.shape == p.shape == before:
                    raise ValueError(
                        f"parameter {index} had the shape {before} when this optimizer was made, got {p.shape} with a "
                        f"gradient of {p.grad.shape}; make a new optimizer after assigning .data of another shape"
                    )
                self.update(index, p.data, p.grad.data)

    def update(self, index: int, parameter: Array, gradient: Array) -> None:
        """Change the array of parameter number `index` in place by its gradient. Subclasses define it."""
        raise NotImplementedError(f"{type(self).__name__} has no update(); define the change of one parameter")

    def chunks(self, *arrays: Array) -> Iterator[Sequence[Array]]:
        """Yield equal parts of the arrays, a few rows at a time, and scratch of the same size as the last item."""
        first = np.atleast_1d(arrays[0])
        rows = max(1, CHUNK * len(first) // max(1, first.size))
        if self._scratch.size < first[:rows].size or self._scratch.dtype != first.dtype:
            self._scratch = np.empty(max(CHUNK, first[:rows].size), first.dtype)
        for start in range(0, len(first), rows):
            parts = [np.atleast_1d(array)[start : start + rows] for array in arrays]
            yield [*parts, self._scratch[: parts[0].size].reshape(parts[0].shape)]


class SGD(Optimizer):
    """Stochastic gradient descent: v <- momentum * v + g, then p <- p - lr * v; v starts as the first g.

    Raises ValueError as `Optimizer`, and for a negative momentum.
    Source: Sutskever, Martens, Dahl, Hinton, "On the importance of initialization and momentum in deep learning"
    (2013), eq. 1 and 2, with lr outside of v as in PyTorch.

    >>> p = Tensor([1.0], requires_grad=True)
    >>> (p * p).sum().backward()
    >>> SGD([p], lr=0.1).step()  # the gradient is 2
    >>> p
    Tensor([0.8], requires_grad=True)
    """

    def __init__(self, parameters: Iterable[Tensor], lr: float = 1e-3, momentum: float = 0.0) -> None:
        super().__init__(parameters, lr)
        self.momentum = at_least_zero("momentum", momentum)
        self._velocity: dict[int, Array] = {}  # by the parameter's index

    def update(self, index: int, parameter: Array, gradient: Array) -> None:
        """Go one step downhill, and carry on some of the steps before."""
        velocity = gradient
        if self.momentum:
            if index not in self._velocity:
                self._velocity[index] = np.zeros_like(parameter)
            velocity = self._velocity[index]
        for p, g, v, scratch in self.chunks(parameter, gradient, velocity):
            if self.momentum:
                v *= self.momentum
                v += g
            p -= np.multiply(v, self.lr, out=scratch)


class Adam(Optimizer):
    """Steps of about lr for each number, from running means m of the gradient and v of its square.

        m <- b1 m + (1 - b1) g
        v <- b2 v + (1 - b2) g²
        p <- p - lr * (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps)

    t counts a parameter's steps from 1. m and v start at 0, which makes them too small; the divisions correct that.
    betas: (b1, b2), each in [0, 1). eps: keeps the division finite where all gradients were 0.

    Raises ValueError as `Optimizer`, and for betas or eps out of range.
    Source: Kingma and Ba, "Adam: a method for stochastic optimization" (2015), algorithm 1.

    >>> p = Tensor([1.0, 1.0], requires_grad=True)
    >>> (p * Tensor([0.1, 1000.0])).sum().backward()
    >>> Adam([p], lr=0.1).step()  # the first step is lr, however large the gradient
    >>> p
    Tensor([0.9, 0.9], requires_grad=True)
    """

    def __init__(
        self,
        parameters: Iterable[Tensor],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
    ) -> None:
        super().__init__(parameters, lr)
        for beta in betas:
            if not 0 <= beta < 1:
                raise ValueError(f"Adam wanted both betas in [0, 1), got {betas}; the usual ones are (0.9, 0.999)")
        self.betas = betas
        self.eps = at_least_zero("eps", eps)
        self._state: dict[int, tuple[int, Array, Array]] = {}  # steps, both sums; by the parameter's index

    def update(self, index: int, parameter: Array, gradient: Array) -> None:
        """Move both running sums, and the parameter by their ratio."""
        b1, b2 = self.betas
        if index not in self._state:
            self._state[index] = 0, np.zeros_like(parameter), np.zeros_like(parameter)
        steps, m_sum, v_sum = self._state[index]
        steps += 1
        self._state[index] = steps, m_sum, v_sum
        # The sums are the paper's means without the factors (1 - b1) and (1 - b2). These go into two numbers here, so
        # that the arrays are passed over ten times rather than fourteen.
        root = math.sqrt((1 - b2**steps) / (1 - b2))
        rate = self.lr * root * (1 - b1) / (1 - b1**steps)
        for p, g, m, v, scratch in self.chunks(parameter, gradient, m_sum, v_sum):
            m *= b1
            m += g
            v *= b2
            v += np.multiply(g, g, out=scratch)
            np.sqrt(v, out=scratch)
            scratch += self.eps * root
            np.divide(m, scratch, out=scratch)
            scratch *= rate
            p -= scratch


def at_least_zero(name: str, value: float) -> float:
    """Return the value. Raises ValueError if it is negative or not finite."""
    if not 0 <= value < math.inf:
        raise ValueError(f"{name} must be a number from 0 on, got {value}")
    return value


def _learnable(parameters: Iterable[Tensor]) -> list[Tensor]:
    """Return the parameters as a list, or say what is wrong with them."""
    if isinstance(parameters, Tensor):
        raise TypeError("an optimizer wanted several parameters, got one tensor; write [tensor] or model.parameters()")
    found = list(parameters)
    if not found:
        raise ValueError("an optimizer wanted parameters, got none; does the model set its layers as attributes?")
    for index, p in enumerate(found):
        if not isinstance(p, Tensor) or not p.requires_grad or p.op is not None:
            raise TypeError(
                f"parameter {index} can't be learned: wanted a Tensor made with requires_grad=True, got {p!r:.80}"
            )
    if len({id(p) for p in found}) < len(found):
        raise ValueError("an optimizer wanted each parameter once, got one twice; it would take two steps at a time")
    return found
