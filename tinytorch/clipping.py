"""Module 06: bounds for gradients, so that one bad batch doesn't throw the parameters far away.

Public parts: `clip_grad_norm_`, `clip_grad_value_`, `NonFiniteNorm`. The underscore is PyTorch's: they change
`.grad` in place.
"""

import math
from collections.abc import Iterable

import numpy as np

from tinytorch.tensor import Array, Tensor, from_numpy

TINY = 1e-6  # PyTorch's: added to the norm, so that a norm of 0 divides nothing by 0


class NonFiniteNorm(FloatingPointError, RuntimeError):
    """The gradients' norm is infinite or nan. PyTorch raises RuntimeError here."""


def clip_grad_norm_(
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Scale all gradients by one factor, so that their norm as one long vector is at most `max_norm`; return the norm.

    The norm returned is the one before, a tensor without axes: `norm.item()`, `f"{norm:.2f}"` and `norm > 1` work.
    Smaller gradients stay as they are, parameters without one are left out, and one that is given twice counts once.
    norm_type: p of the p-norm; math.inf is the largest absolute value.
    max_norm: math.inf changes nothing, and so only measures. foreach: PyTorch's, does nothing here.

    Raises ValueError for a negative max_norm or a norm_type that isn't above 0; NonFiniteNorm, a FloatingPointError,
    before any change, for a norm that isn't finite, if error_if_nonfinite. Otherwise such gradients become 0 or
    nan, as in PyTorch.
    Source: Pascanu, Mikolov, Bengio, "On the difficulty of training recurrent neural networks" (2013), algorithm 1.

    >>> w = Tensor([0.0, 0.0], requires_grad=True)
    >>> (w * Tensor([3.0, 4.0])).sum().backward()
    >>> clip_grad_norm_([w], max_norm=0.5)
    Tensor(5.)
    >>> w.grad.data.round(5).tolist() == np.float32([0.3, 0.4]).tolist()
    True
    """
    max_norm, norm_type = float(max_norm), float(norm_type)
    if not max_norm >= 0:
        raise ValueError(f"clip_grad_norm_ wanted a max_norm from 0 on, got {max_norm}")
    if not norm_type > 0:
        raise ValueError(f"clip_grad_norm_ wanted a norm_type above 0, got {norm_type}; 2.0 is the usual one")
    gradients = _gradients(parameters)
    norm = _norm_of(np.array([_norm_of(g, norm_type) for g in gradients]), norm_type)
    if error_if_nonfinite and not math.isfinite(norm):
        raise NonFiniteNorm(f"the gradients' norm is {norm}; is the learning rate too large, or a gradient wrong?")
    factor = 0.0 if norm == math.inf > max_norm else max_norm / (norm + TINY)
    if not factor >= 1:  # nan too
        with np.errstate(invalid="ignore"):
            for g in gradients:
                g *= factor
    with np.errstate(over="ignore"):
        return from_numpy(np.array(norm, np.result_type(*gradients) if gradients else np.float32))


def clip_grad_value_(parameters: Tensor | Iterable[Tensor], clip_value: float, foreach: bool | None = None) -> None:
    """Move each number in the gradients that lies outside of ±clip_value to the nearer end.

    foreach: PyTorch's, does nothing here.
    Raises ValueError for a negative clip_value.

    >>> w = Tensor([0.0, 0.0], requires_grad=True)
    >>> (w * Tensor([3.0, -0.5])).sum().backward()
    >>> clip_grad_value_([w], 1.0)
    >>> w.grad
    Tensor([ 1. , -0.5])
    """
    clip_value = float(clip_value)
    if not clip_value >= 0:
        raise ValueError(f"clip_grad_value_ wanted a clip_value from 0 on, got {clip_value}")
    for g in _gradients(parameters):
        np.clip(g, -clip_value, clip_value, out=g)


def _gradients(parameters: Tensor | Iterable[Tensor]) -> list[Array]:
    """Return the arrays of the gradients that are there, each once."""
    given = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    found = {}
    for index, p in enumerate(given):
        if not isinstance(p, Tensor):
            raise TypeError(f"clipping wanted tensors, got {type(p).__name__} at place {index}; try model.parameters()")
        if p.grad is not None:
            if not p.grad.data.flags.writeable:
                raise ValueError(
                    f"the gradient at place {index} can't be changed; assign a copy: p.grad = Tensor(p.grad)"
                )
            found[id(p)] = p.grad.data
    return list(found.values())


def _norm_of(g: Array, norm_type: float) -> float:
    """Return the norm of one array, also where the squares of its numbers are beyond its dtype's range."""
    if not g.size:
        return 0.0
    if norm_type == 2:
        flat = g.reshape(-1, order="A")  # no copy, whichever order the array has
        with np.errstate(over="ignore", invalid="ignore"):
            square = float(np.dot(flat, flat))
        if g.dtype.itemsize > 2 and np.finfo(g.dtype).tiny < square < math.inf:
            return math.sqrt(square)
    largest = float(np.abs(g).max())
    if norm_type == math.inf or not 0 < largest < math.inf:
        return largest
    scaled = np.abs(g, dtype=np.float64)
    scaled /= largest
    total = float((scaled**norm_type).sum())
    return largest * math.pow(total, 1 / norm_type)
