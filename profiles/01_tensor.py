"""Workload of module 01: a batch of images through two linear layers, forward only.

Floating-point operations a repetition, with N images of P pixels through H hidden values to C classes:
2 N P H + 2 N H C for the products and N H + N C for the biases: 29.3 million with the sizes below.
Bytes at the peak: two (N, H) arrays of float32 are alive at once, 2 * N * H * 4.
The budgets are counts, the same on every machine.
"""

import tracemalloc
from collections.abc import Callable

import numpy as np

from tinytorch import Tensor, var

N, PIXELS, HIDDEN, CLASSES = 128, 784, 144, 10
SIDE = 1000  # of the square that the budgets are measured on

rng = np.random.default_rng(0)
images = Tensor(rng.random((N, PIXELS), dtype=np.float32))
w1, b1 = Tensor(rng.random((PIXELS, HIDDEN), dtype=np.float32)), Tensor(rng.random(HIDDEN, dtype=np.float32))
w2, b2 = Tensor(rng.random((HIDDEN, CLASSES), dtype=np.float32)), Tensor(rng.random(CLASSES, dtype=np.float32))


def main(repeat: int) -> float:
    """Do the same forward pass `repeat` times; return the sum of its scores."""
    total = 0.0
    for _ in range(repeat):
        hidden = images @ w1 + b1  # (N, HIDDEN)
        scores = hidden @ w2 + b2  # (N, CLASSES)
        total = float(scores.sum(axis=0).sum().item())
    return total


def peak_bytes(work: Callable[[Tensor], object]) -> int:
    """Return the bytes that are alive at the peak of `work(square)`, the square itself not counted.

    tracemalloc sees what NumPy allocates.
    """
    square = Tensor(np.random.default_rng(0).random((SIDE, SIDE), dtype=np.float32))
    work(square)
    tracemalloc.start()
    try:
        work(square)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def peak_of_mean() -> int:
    """Return the peak bytes of a mean over all elements."""
    return peak_bytes(lambda square: square.mean())


def peak_of_var() -> int:
    """Return the peak bytes of a variance over all elements."""
    return peak_bytes(lambda square: var(square))


# What is measured: (a function that returns the count, at most, unit)
BUDGETS = {
    "peak bytes of a mean over (1000, 1000) float32": (peak_of_mean, 10_000, "bytes"),
    "peak bytes of a variance over (1000, 1000) float32": (peak_of_var, 4_100_000, "bytes"),
}

if __name__ == "__main__":
    main(repeat=1000)
