"""Workload of module 01: a batch of images through two linear layers, forward only.

Floating-point operations a repetition: 2 N k m for each product, N m for each bias: 29.3 million with the sizes below.
"""

import numpy as np

from tinytorch import Tensor

N, PIXELS, HIDDEN, CLASSES = 128, 784, 144, 10

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


if __name__ == "__main__":
    main(repeat=1000)
