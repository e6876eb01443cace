"""Module 05: what the walk back looks at besides the rules: values written into, shared arrays, hooks.

Public parts: `refuse_written`, `is_fresh`, `show`.
"""

from tinytorch.recording import written, written_after
from tinytorch.tensor import Array, Tensor


def refuse_written(order: list[Tensor]) -> None:
    """Raise RuntimeError if `tensor[index] = ...` changed a value that a rule is about to use."""
    if not written:
        return
    for result in order:
        for array in (result.data, *[x.data for x in result.inputs]):
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


def show(tensor: Tensor, grad: Array) -> None:
    """Call a tensor's hooks, if it has any, with a copy of its gradient."""
    for hook in tensor.hooks or ():
        hook(Tensor(grad))
