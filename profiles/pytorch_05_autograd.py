"""The workload of module 05 in PyTorch, for `tito compare 05`: the same sizes, seeds and work."""

from collections.abc import Iterator
from types import ModuleType

import numpy as np
import torch

N, PIXELS, HIDDEN, CLASSES = 128, 784, 144, 10

rng = np.random.default_rng(0)
images, wanted = (torch.from_numpy(rng.random((N, width), dtype=np.float32)) for width in (PIXELS, CLASSES))
w1, b1, w2, b2 = parameters = [
    torch.from_numpy(rng.random(shape, dtype=np.float32) * 0.01).requires_grad_()
    for shape in ((PIXELS, HIDDEN), (HIDDEN,), (HIDDEN, CLASSES), (CLASSES,))
]


def compute_loss() -> torch.Tensor:
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


PARTS = {"forward": forward, "backward": main}  # as in the workload


def values(workload: ModuleType) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Yield the loss and each parameter's gradient, as the workload has it and as PyTorch has it."""
    yield "loss", np.array(workload.main(1)), np.array(main(1))
    names = ("grad w1", "grad b1", "grad w2", "grad b2")
    for name, ours, theirs in zip(names, workload.parameters, parameters, strict=True):
        assert theirs.grad is not None
        yield name, ours.grad.numpy(), theirs.grad.numpy()
