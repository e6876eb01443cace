"""The workload of module 01 in PyTorch, for `tito compare 01`: the same sizes, seeds and work."""

from collections.abc import Iterator
from types import ModuleType

import numpy as np
import torch

N, PIXELS, HIDDEN, CLASSES = 128, 784, 144, 10

rng = np.random.default_rng(0)
images = torch.from_numpy(rng.random((N, PIXELS), dtype=np.float32))
w1, b1 = (torch.from_numpy(rng.random(shape, dtype=np.float32)) for shape in ((PIXELS, HIDDEN), HIDDEN))
w2, b2 = (torch.from_numpy(rng.random(shape, dtype=np.float32)) for shape in ((HIDDEN, CLASSES), CLASSES))


def main(repeat: int) -> float:
    """Do the same forward pass `repeat` times; return the sum of its scores."""
    total = 0.0
    for _ in range(repeat):
        hidden = images @ w1 + b1  # (N, HIDDEN)
        scores = hidden @ w2 + b2  # (N, CLASSES)
        total = float(scores.sum(dim=0).sum().item())
    return total


def values(workload: ModuleType) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Yield each result with its name, as the workload has it and as PyTorch has it."""
    hidden = workload.images @ workload.w1 + workload.b1
    yield "hidden", hidden.numpy(), (images @ w1 + b1).numpy()
    yield "scores", (hidden @ workload.w2 + workload.b2).numpy(), ((images @ w1 + b1) @ w2 + b2).numpy()
    yield "their sum", np.array(workload.main(1)), np.array(main(1))
