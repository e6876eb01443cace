"""Module 05: what the walk back looks at besides the rules: values written into, shared arrays, hooks, leaves.

Public parts: `refuse_written`, `is_fresh`, `show`, `adding_to`.
"""

import threading
from collections.abc import Mapping

import numpy as np

from tinytorch.activations import log_softmax, relu, sigmoid, softmax, tanh
from tinytorch.elementwise import astype, copy, exp, floor_divide, negative, sign, sqrt, subtract, where
from tinytorch.indexing import gather, getitem
from tinytorch.recording import last_write, written_after
from tinytorch.reductions import cumsum
from tinytorch.scattered import Scattered
from tinytorch.shapes import expand, pad, stack
from tinytorch.tensor import Array, Op, Tensor, add, concatenate, matmul, multiply, reshape, sum, transpose

# What the operations' rules read; the others' may read the result and all inputs.
NO_VALUES: set[Op | None] = {add, astype, concatenate, copy, cumsum, expand, floor_divide, gather, getitem, negative}
NO_VALUES |= {pad, reshape, sign, stack, subtract, sum, transpose, where}
THE_RESULT: set[Op | None] = {exp, log_softmax, relu, sigmoid, softmax, sqrt, tanh}
THE_OTHER_INPUT: set[Op | None] = {matmul, multiply}  # each for the other's gradient

_adding = threading.RLock()  # threads with graphs of their own may share leaves


def refuse_written(order: list[Tensor]) -> None:
    """Raise RuntimeError if a value that a rule is about to read was written into: by `x[index] = ...`, `+=`, a step.

    order: the results, newest first.
    """
    if not order or last_write() < order[-1].serial:
        return
    for result in order:
        for array in _read(result):
            if written_after(array, result.serial):
                raise RuntimeError(
                    f"a tensor of shape {array.shape} was written into after {getattr(result.op, '__name__', '?')} had "
                    f"used it: its gradient would be wrong; write before computing, or into a .copy()"
                )


def is_fresh(grad: Array, g: Array, result: Tensor, gradients: tuple[Array | None, ...]) -> bool:
    """Return whether a rule made this array for one input alone, so that the input's `.grad` may keep it.

    grad: the array, in the input's shape; g: what the rule of `result` was asked with; gradients: all that it returned.
    """
    used = [g, result.data, *[x.data for x in result.inputs]]
    return grad.base is None and all(grad is not a for a in used) and [grad is b for b in gradients].count(True) <= 1


def show(tensor: Tensor, grad: Array) -> Array:
    """Call a tensor's hooks, if it has any, with a copy of its gradient, and return the gradient to go on with.

    That is the one that came, unless a hook returned another: it is handed to the next hook, and at last returned.
    Raises ValueError for one of another shape.
    """
    if isinstance(grad, Scattered):
        grad = grad.dense()
    for hook in [*(tensor.hooks or {}).values()]:  # a copy: a hook may remove itself
        returned = hook(Tensor(grad))
        if returned is not None:
            changed = Tensor(returned, dtype=grad.dtype).data
            if changed.shape != grad.shape:
                raise ValueError(f"a hook wanted to return a gradient of shape {grad.shape}, got {changed.shape}")
            grad = changed
    return grad


def adding_to(leaves: Mapping[Tensor, Array]) -> threading.RLock:
    """Return the lock under which gradients are added to leaves: `with adding_to(leaves): ...`.

    leaves: the gradient of each. Raises, before any leaf is changed, if one of them can't take its gradient: TypeError
    for a `.data` that is no array of floats or a `.grad` that is no Tensor, ValueError for a `.grad` of another shape.
    """
    for leaf, grad in leaves.items():
        if type(leaf.data) is not np.ndarray:
            raise TypeError(f".data wanted an array, got {type(leaf.data).__name__}; try w.data = (...).data")
        if leaf.data.dtype.kind != "f":
            raise TypeError(f"only floating-point tensors can require grad, got {leaf.data.dtype}; try .float()")
        if leaf.grad is None:
            continue
        if not isinstance(leaf.grad, Tensor):
            raise TypeError(f".grad wanted a Tensor, got {type(leaf.grad).__name__}; try Tensor(...), or None")
        if leaf.grad.data.shape != grad.shape:
            raise ValueError(f".grad wanted the shape {grad.shape}, got {leaf.grad.shape}; set it to None")
    return _adding


def _read(result: Tensor) -> list[Array]:
    """Return the arrays whose values the rule of a result reads."""
    if result.op in NO_VALUES:
        return []
    if result.op in THE_RESULT:
        return [result.data]
    if result.op in THE_OTHER_INPUT:
        a, b = result.inputs
        return [x.data for x, other in ((a, b), (b, a)) if other.requires_grad]
    return [result.data, *[x.data for x in result.inputs]]
