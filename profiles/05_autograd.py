"""Workload of module 05: a training step's gradients, through two linear layers with a square between them.

A product needs two more for the gradients of its operands; the images need none, so their product needs one.
Budgets: the arithmetic of the products in a backward, and the most memory that a backward holds at once.
"""

import math
import tracemalloc
from typing import Any

import numpy as np

from tinytorch import Tensor
from tinytorch.autograd import RULES, Gradients
from tinytorch.tensor import Array, matmul

N, PIXELS, HIDDEN, CLASSES = 128, 784, 144, 10

rng = np.random.default_rng(0)
images, wanted = Tensor(rng.random((N, PIXELS), dtype=np.float32)), Tensor(rng.random((N, CLASSES), dtype=np.float32))
w1, b1, w2, b2 = parameters = [
    Tensor(rng.random(shape, dtype=np.float32) * 0.01, requires_grad=True)
    for shape in ((PIXELS, HIDDEN), (HIDDEN,), (HIDDEN, CLASSES), (CLASSES,))
]


def compute_loss() -> Tensor:
    """Return the loss of the batch, with its record."""
    hidden = images @ w1 + b1  # (N, HIDDEN)
    scores = (hidden * hidden) @ w2 + b2  # (N, CLASSES)
    error = scores - wanted
    return (error * error).mean()


def forward(repeat: int) -> None:
    """Compute the loss `repeat` times."""
    for _ in range(repeat):
        compute_loss()


def main(repeat: int) -> float:
    """Compute the loss and its gradients `repeat` times; return the loss."""
    value = 0.0
    for _ in range(repeat):
        loss = compute_loss()
        for parameter in parameters:
            parameter.grad = None
        loss.backward()
        value = float(loss.item())
    return value


PARTS = {"forward": forward, "backward": main}  # each does the work up to its part's end


class Counted(np.ndarray[Any, Any]):
    """An array that counts the operations of the products in which it takes part."""

    PRODUCTS = (np.matmul, np.dot, np.inner, np.einsum, np.tensordot)
    flop = 0  # of all products so far

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        return Counted.note(ufunc, inputs, getattr(ufunc, method)(*map(plain, inputs), **options))

    def __array_function__(self, function: Any, types: Any, inputs: Any, options: Any) -> Any:
        return Counted.note(function, inputs, function(*map(plain, inputs), **options))

    @staticmethod
    def note(function: Any, inputs: Any, result: Any) -> Any:
        """Count a product of matrices, and hand its result on as an array that counts as well."""
        if function in Counted.PRODUCTS:
            sizes = [x.size for x in (*inputs, result) if isinstance(x, np.ndarray)]
            Counted.flop += 2 * math.isqrt(math.prod(sizes))  # (n, k) @ (k, m): nk * km * nm is the square of nkm
        return result.view(Counted) if isinstance(result, np.ndarray) else result


def plain(x: Any) -> Any:
    """Return what the array counts for as a plain one, and anything else as it is."""
    return x.view(np.ndarray) if isinstance(x, Counted) else x


def flop_of_products() -> int:
    """Return the operations of all products that the rule of `@` computes in one backward."""
    rule, Counted.flop = RULES[matmul], 0

    def counted(g: Array, out: Array, a: Array, b: Array, *, needs: tuple[bool, bool] = (True, True)) -> Gradients:
        arrays = [x.view(Counted) for x in (g, out, a, b)]
        return tuple(plain(grad) for grad in rule(*arrays, needs=needs))

    RULES[matmul] = counted
    try:
        compute_loss().backward()
    finally:
        RULES[matmul] = rule
    return Counted.flop


def peak_of_backward() -> int:
    """Return the most bytes that a backward holds at once beyond what the forward has left."""
    for parameter in parameters:
        parameter.grad = None
    loss = compute_loss()
    tracemalloc.start()
    try:
        loss.backward()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


NEEDED_FLOP = 2 * N * PIXELS * HIDDEN + 2 * (2 * N * HIDDEN * CLASSES)  # by w1; by the hidden layer and by w2
GRADIENTS = 4 * (PIXELS * HIDDEN + HIDDEN + HIDDEN * CLASSES + CLASSES)  # bytes of the parameters' gradients
ACTIVATION = 4 * N * HIDDEN

# What is counted: the function that counts, at most how much, and in which unit.
BUDGETS = {
    f"products of a backward, ({N}, {PIXELS}) @ ({PIXELS}, {HIDDEN}) @ ({HIDDEN}, {CLASSES})": (
        flop_of_products,
        NEEDED_FLOP,
        "FLOP",
    ),
    f"peak memory of a backward, {GRADIENTS // 4:,} parameters, batch {N}": (
        peak_of_backward,
        GRADIENTS + 4 * ACTIVATION,
        "bytes",
    ),
}


if __name__ == "__main__":
    main(repeat=300)
