"""Gradients by central differences in float64, to hold against those that the rules give."""

import numpy as np

from tinytorch import Tensor

STEP = 1e-6  # the error of a central difference is then about 1e-10


def gradient_error(f, *arrays, step=STEP):
    """Return the largest difference between the gradients that f's rules give and central differences.

    f: float64 tensors -> a tensor. It is weighed here with distinct numbers, so that no two elements' gradients can be
    swapped unseen; under a plain sum a transposed gradient may equal the right one.
    """
    inputs = [Tensor(np.asarray(array, np.float64), requires_grad=True) for array in arrays]
    out = f(*inputs)
    weights = np.linspace(1.0, 2.0, out.size).reshape(out.shape)
    out.backward(weights)
    worst = 0.0
    for x in inputs:
        assert x.grad is not None
        assert x.grad.shape == x.shape
        for place in np.ndindex(x.shape):
            difference = _difference(f, inputs, x, place, weights, step)
            worst = max(worst, abs(difference - x.grad.data[place]) / max(1.0, abs(difference)))
    return worst


def _difference(f, inputs, x, place, weights, step):
    kept = x.data[place]
    values = []
    for moved in (kept + step, kept - step):
        x.data[place] = moved
        values.append((f(*inputs).data * weights).sum())
    x.data[place] = kept
    return (values[0] - values[1]) / (2 * step)
