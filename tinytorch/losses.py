"""Module 04: losses, one number that says how wrong a network is.

Public parts: `cross_entropy` as an operation, `CrossEntropyLoss` as a layer. The gradient rule is
`tinytorch.gradients.cross_entropy_vjp`.
"""

import numpy as np

from tinytorch.layers import Layer
from tinytorch.tensor import Array, Operand, Tensor, as_tensor, record


def cross_entropy(logits: Operand, targets: Operand) -> Tensor:
    """Return the mean of -log softmax(logits)[target] over the samples, as a 0-d tensor.

    logits: (N, C) floats, any real scores; targets: (N,) integers from 0 to C - 1, the right class of each sample.
    Softmax and logarithm are one step, log sum exp(z - max z) - (z[target] - max z): no exponential overflows, and no
    logarithm gets 0.
    Raises ValueError for other shapes, no samples, or a target out of range; TypeError for other dtypes.
    Source: Goodfellow, Bengio, Courville, "Deep Learning" (2016), eq. 6.30.

    >>> cross_entropy(Tensor([[0.0, 0.0], [1000.0, 0.0]]), Tensor([1, 0])).item()  # (log 2 + 0) / 2
    0.34657359...
    """
    logits, targets = as_tensor(logits), as_tensor(targets)
    _check(logits, targets)
    labels = targets.data.astype(np.intp)  # a copy: the source may change before the gradient is asked for
    shifted = logits.data - logits.data.max(axis=1, keepdims=True)  # (N, C), at most 0
    own = shifted[np.arange(len(labels)), labels]  # (N,)
    probabilities = np.exp(shifted, out=shifted)
    totals = probabilities.sum(axis=1, keepdims=True)  # (N, 1), from 1 to C
    loss = (np.log(totals[:, 0]) - own).mean()
    probabilities /= totals
    return record(cross_entropy, loss, logits, targets=labels, probabilities=probabilities)


class CrossEntropyLoss(Layer):
    """`cross_entropy` as a layer; it has no parameters."""

    def forward(self, logits: Tensor, targets: Operand) -> Tensor:
        """Return cross_entropy(logits, targets): (N, C), (N,) -> a single number."""
        return cross_entropy(logits, targets)

    def __repr__(self) -> str:
        return "CrossEntropyLoss()"


def _check(logits: Tensor, targets: Tensor) -> None:
    """Raise for anything that has no cross-entropy."""
    if logits.ndim != 2 or targets.shape != logits.shape[:1]:
        raise ValueError(
            f"cross_entropy wanted logits (N, C) and targets (N,), got {logits.shape} and {targets.shape}; "
            f"reshape the logits to (-1, C) and the targets to (-1,)"
        )
    if logits.dtype.kind != "f":
        raise TypeError(f"cross_entropy wanted logits of a float dtype, got {logits.dtype}; try dtype=np.float32")
    if targets.dtype.kind not in "iu":
        raise TypeError(f"cross_entropy wanted integer targets, the number of each right class, got {targets.dtype}")
    if not logits.size:
        raise ValueError(f"cross_entropy of no samples or no classes: logits {logits.shape}; is the batch empty?")
    _check_range(targets.data, logits.shape[1])


def _check_range(targets: Array, classes: int) -> None:
    """Raise for a target that is no class: NumPy would count a negative one from the end."""
    if targets.min() < 0 or targets.max() >= classes:
        row = int(np.argmax((targets < 0) | (targets >= classes)))
        raise ValueError(
            f"cross_entropy wanted targets from 0 to {classes - 1}, got {targets[row]} at row {row}; "
            f"do the labels start at 0, and are there really {classes} classes?"
        )
