"""Operations of layers and losses under PyTorch's names: `from tinytorch.nn import functional as F`.

Those that stand here are made of other operations, and so need no rules: `linear`, `one_hot`, `pad`, `normalize`,
`cosine_similarity`. All others come from the files of their modules.
"""

import math
from collections.abc import Sequence

import numpy as np

from tinytorch import shapes
from tinytorch.activations import (
    elu,
    floats,
    gelu,
    hardtanh,
    leaky_relu,
    log_softmax,
    logsigmoid,
    relu,
    relu6,
    sigmoid,
    silu,
    softmax,
    softplus,
    tanh,
)
from tinytorch.arrays import whole
from tinytorch.composed_activations import celu, hardsigmoid, hardswish, mish, prelu, selu, softsign
from tinytorch.elementwise import clip
from tinytorch.indexing import getitem
from tinytorch.layers import dropout
from tinytorch.losses import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    huber_loss,
    kl_div,
    l1_loss,
    mse_loss,
    nll_loss,
    smooth_l1_loss,
    soft_cross_entropy,
)
from tinytorch.tensor import Array, Operand, Scalar, Tensor, as_tensor, check_broadcast, from_numpy
from tinytorch.torch_algebra import norm

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "celu",
    "cosine_similarity",
    "cross_entropy",
    "dropout",
    "elu",
    "gelu",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "huber_loss",
    "kl_div",
    "l1_loss",
    "leaky_relu",
    "linear",
    "log_softmax",
    "logsigmoid",
    "mish",
    "mse_loss",
    "nll_loss",
    "normalize",
    "one_hot",
    "pad",
    "prelu",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "smooth_l1_loss",
    "soft_cross_entropy",
    "softmax",
    "softplus",
    "softsign",
    "tanh",
]

AROUND = {"replicate": "edge", "reflect": "reflect", "circular": "wrap"}  # modes of `pad`, and NumPy's names of them


def linear(input: Operand, weight: Operand, bias: Operand | None = None) -> Tensor:
    """Return input @ weight.T + bias: (..., in_features) -> (..., out_features).

    weight: (out_features, in_features) as in PyTorch, whose scripts call this with weights of their own; or
    (in_features,) for a result without the last axis. The layer `Linear` keeps its weight the other way round: call
    the layer, or give `layer.weight.T`, even where it is square and no error says so.
    bias: (out_features,), or a single number for a weight with one axis.
    Raises ValueError for other lengths.

    >>> linear(Tensor([[1.0, 2.0, 3.0]]), Tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 1.0]]), Tensor([10.0, 20.0]))
    Tensor([[11., 25.]])
    """
    input, weight = as_tensor(input), as_tensor(weight)
    if weight.ndim not in (1, 2) or input.shape[-1:] != weight.shape[-1:]:
        raise ValueError(
            f"linear wanted (..., in_features) and a weight (out_features, in_features), got {input.shape} and "
            f"{weight.shape}; a Linear's own weight is the other way round: call the layer, or give weight.T"
        )
    bias = None if bias is None else as_tensor(bias)
    if bias is not None and bias.shape != weight.shape[:-1]:
        raise ValueError(f"linear wanted a bias {weight.shape[:-1]} for the weight {weight.shape}, got {bias.shape}")
    leading = input.shape[:-1]
    rows = input.reshape(math.prod(leading), weight.shape[-1]) if input.ndim > 2 else input  # one product, not a stack
    y = rows @ weight.T
    y = y if bias is None else y + bias
    return y.reshape(*leading, *weight.shape[:-1]) if input.ndim > 2 else y


def one_hot(tensor: Operand, num_classes: int = -1) -> Tensor:
    """Return 1 at each class's place and 0 elsewhere: (...) integers -> (..., num_classes) int64.

    num_classes: -1 takes the largest class and those below it.
    Raises TypeError for other dtypes; ValueError for a class out of range, or none to count.

    >>> one_hot(Tensor([0, 2]))
    Tensor([[1, 0, 0],
            [0, 0, 1]], dtype=int64)
    """
    classes = as_tensor(tensor).data
    if classes.dtype.kind not in "iu":
        raise TypeError(f"one_hot wanted integers, got {classes.dtype}; try .astype(np.int64)")
    num_classes = whole(num_classes, "one_hot's num_classes")
    if num_classes == -1 and classes.size:
        num_classes = int(classes.max()) + 1
    if num_classes < 1:
        raise ValueError(f"one_hot wanted a class or more, got num_classes={num_classes} for {classes.shape}")
    if classes.size and not 0 <= classes.min() <= classes.max() < num_classes:
        raise ValueError(
            f"one_hot wanted classes from 0 to {num_classes - 1}, got {classes.min()} to {classes.max()}; "
            f"do they start at 0?"
        )
    return from_numpy((classes[..., None] == np.arange(num_classes)).astype(np.int64))


def pad(input: Operand, pad: Sequence[int], mode: str = "constant", value: Scalar | None = None) -> Tensor:
    """Return the elements with others around them.

    pad: how many before and behind, a pair an axis from the last one on; negative ones cut elements off.
    mode: what stands there: "constant" (`value`, 0 for None), "replicate" (the element at the edge), "reflect" (those
    beside it, mirrored), "circular" (those from the other end; it cuts nothing off).
    Raises ValueError for another mode, a value beside one that isn't "constant", and where more elements are wanted, or
    cut off, than there are.

    >>> pad(Tensor([[1.0, 2.0]]), (1, 2)), pad(Tensor([1.0, 2.0, 3.0]), (2, -1), mode="reflect")
    (Tensor([[0., 1., 2., 0., 0.]]), Tensor([3., 2., 1., 2.]))
    """
    if mode != "constant" and (mode not in AROUND or value):
        modes = ", ".join(["constant, with or without a value", *AROUND])
        raise ValueError(f"pad wanted a mode of {modes}; got {mode!r:.60} and value={value}")
    x = as_tensor(input)
    pairs = shapes.width_pairs(x, pad)
    kept = tuple([_kept(length, pair) for length, pair in zip(x.shape, pairs, strict=True)])
    if mode == "constant":
        x = shapes.pad(x, [max(width, 0) for width in pad], 0 if value is None else value)
        return x if min(pad, default=0) >= 0 else getitem(x, kept)
    for axis, pair in enumerate(pairs):
        if pair != (0, 0):
            x = getitem(x, (*(slice(None),) * axis, _places(x.shape[axis], pair, mode)[kept[axis]]))
    return x


def _kept(length: int, pair: tuple[int, int]) -> slice:
    """Return which part stays of an axis to which the widths that aren't negative were added."""
    before, behind = pair
    if length + before + behind < 0:
        raise ValueError(f"pad wanted to cut {-before} and {-behind} elements off an axis of {length}")
    return slice(max(-before, 0), max(before, 0) + length + behind)


def _places(length: int, pair: tuple[int, int], mode: str) -> Array:
    """Return which element of an axis stands at each place of it, once the widths that aren't negative are added."""
    least = 0 if mode == "circular" else -math.inf
    most = {"replicate": math.inf if length else 0, "reflect": max(length - 1, 0), "circular": length}[mode]
    if not least <= min(pair) <= max(pair) <= most:
        raise ValueError(f"pad by mode={mode!r} wanted {least} to {most} elements around {length}, got {pair}")
    around = (max(pair[0], 0), max(pair[1], 0))
    return np.pad(np.arange(length), around, AROUND[mode])  # type: ignore[call-overload,no-any-return]


def normalize(input: Operand, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Tensor:
    """Return input divided by its norm along `dim`, or by eps where the norm is less, as for zeros.

    p: which norm, as in `tinytorch.norm`, which says what is raised.

    >>> normalize(Tensor([[3.0, 4.0], [0.0, 0.0]]))
    Tensor([[0.6, 0.8],
            [0. , 0. ]])
    """
    input = floats("normalize", input)
    return input / clip(norm(input, p, dim, keepdims=True), min=eps)


def cosine_similarity(x1: Operand, x2: Operand, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """Return the cosine of the angle between x1 and x2 along `dim`, which goes; 0 where one of them is zero.

    x1, x2: floats whose shapes broadcast. eps: the least that a norm counts.
    Raises TypeError for integers, ValueError for other shapes.

    >>> cosine_similarity(Tensor([[1.0, 0.0], [2.0, 2.0]]), Tensor([[0.0, 3.0], [1.0, 1.0]]))
    Tensor([0.        , 0.99999994])
    """
    x1, x2 = floats("cosine_similarity", x1), floats("cosine_similarity", x2)
    check_broadcast("and", x1, x2)
    shape = np.broadcast_shapes(x1.shape, x2.shape)
    x1, x2 = shapes.expand(x1, shape), shapes.expand(x2, shape)
    return (normalize(x1, 2, dim, eps) * normalize(x2, 2, dim, eps)).sum(dim)
