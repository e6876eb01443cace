"""Workload of module 05: a training step's gradients, through two linear layers with a square between them.

A product needs two more for the gradients of its operands; the images need none, so their product needs one.
"""

import numpy as np

from tinytorch import Tensor

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


if __name__ == "__main__":
    main(repeat=300)
