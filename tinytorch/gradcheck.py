"""Module 05: gradients checked against finite differences.

Public parts: `gradcheck`, `GradientMismatch`.
"""

from collections.abc import Callable, Sequence

import numpy as np

from tinytorch.autograd import no_grad
from tinytorch.recording import recording
from tinytorch.tensor import Array, Tensor, from_numpy

SEED_OF_WEIGHTS = 0  # the output is reduced with random weights: under a plain sum, transposed gradients look right


class GradientMismatch(AssertionError):
    """A gradient differs from the slope that finite differences give."""


def gradcheck(
    function: Callable[..., Tensor],
    *inputs: Tensor | Sequence[Tensor],
    eps: float = 1e-6,
    rtol: float = 1e-5,
    atol: float = 1e-7,
) -> bool:
    """Return True if the gradients of a function agree with central differences; else raise GradientMismatch.

    function: takes the tensors and returns one tensor of any shape.
    inputs: float64 tensors, one by one or in a tuple; those that require grad are checked, element by element, where it
        is smooth.
    eps: the step of (f(x + eps) - f(x - eps)) / (2 eps), whose error is of the order of eps**2.
    Raises TypeError for another dtype (float32 leaves no digits for a difference) and for a function that doesn't
    return one tensor, ValueError if no input requires grad, RuntimeError inside `no_grad`.
    """
    tensors = _checked(inputs)
    own = [Tensor(x.data, requires_grad=x.requires_grad) for x in tensors]
    out = function(*own)
    if not isinstance(out, Tensor):
        raise TypeError(f"gradcheck wanted a function that returns one tensor, got {type(out).__name__}")
    weights = np.random.default_rng(SEED_OF_WEIGHTS).uniform(0.5, 1.5, out.shape)
    out.backward(weights)
    for index, x in enumerate(own):
        if x.requires_grad:
            got = np.zeros(x.shape) if x.grad is None else x.grad.data
            _compare(index, got, _slopes(function, own, x, weights, eps), rtol, atol)
    return True


def _checked(inputs: Sequence[Tensor | Sequence[Tensor]]) -> list[Tensor]:
    """Return the tensors that are to be moved; raise what `gradcheck` raises for them."""
    tensors = list(inputs[0] if len(inputs) == 1 and isinstance(inputs[0], tuple | list) else inputs)
    for x in tensors:
        if not isinstance(x, Tensor):
            raise TypeError(f"gradcheck wanted tensors, got {type(x).__name__}; try Tensor(data, dtype=np.float64)")
        if x.requires_grad and x.dtype != np.float64:
            raise TypeError(f"gradcheck needs float64, got {x.dtype}; try Tensor(data, dtype=np.float64)")
    if not any(x.requires_grad for x in tensors if isinstance(x, Tensor)):
        raise ValueError("gradcheck needs an input with requires_grad=True: there is nothing to check otherwise")
    if not recording.enabled:
        raise RuntimeError("gradcheck inside no_grad() has no gradients to check; call it outside")
    return tensors


def _slopes(function: Callable[..., Tensor], inputs: list[Tensor], x: Tensor, weights: Array, eps: float) -> Array:
    """Return the slope of sum(weights * function) by each element of one input."""
    slopes = np.empty(x.shape)
    with no_grad():
        for place in np.ndindex(x.shape):
            moved = [_value_at(function, inputs, x, place, step, weights) for step in (eps, -eps)]
            slopes[place] = (moved[0] - moved[1]) / (2 * eps)
    return slopes


def _value_at(
    function: Callable[..., Tensor],
    inputs: list[Tensor],
    x: Tensor,
    place: tuple[int, ...],
    step: float,
    weights: Array,
) -> float:
    array = x.data.copy()
    array[place] += step
    return float((function(*[from_numpy(array) if y is x else y for y in inputs]).data * weights).sum())


def _compare(index: int, got: Array, slopes: Array, rtol: float, atol: float) -> None:
    close = np.isclose(got, slopes, rtol=rtol, atol=atol, equal_nan=True)
    if close.all():
        return
    distance = np.where(close, -1.0, np.nan_to_num(np.abs(got - slopes), nan=np.inf))
    worst = np.unravel_index(int(distance.argmax()), got.shape)
    raise GradientMismatch(
        f"input {index}, element {tuple(map(int, worst))}: the gradient is {got[worst]:.8g}, finite differences give "
        f"{slopes[worst]:.8g} ({int((~close).sum())} of {got.size} elements differ)"
    )
