"""Module 02: activations, the bends between linear layers.

Public parts: `relu` as an operation, `ReLU` as a layer. The gradient rule is `tinytorch.gradients.relu_vjp`.
"""

import numpy as np

from tinytorch.layers import Layer
from tinytorch.tensor import Operand, Tensor, as_tensor, record


def relu(x: Operand) -> Tensor:
    """Return x where it is positive and 0 elsewhere, in x's shape and dtype; NaN stays NaN.

    Source: Nair and Hinton, "Rectified linear units improve restricted Boltzmann machines" (2010), section 2.

    >>> relu(Tensor([-2.0, 0.0, 3.0]))
    Tensor([0., 0., 3.])
    """
    x = as_tensor(x)
    return record(relu, np.maximum(x.data, 0), x)


class ReLU(Layer):
    """`relu` as a layer; it has no parameters."""

    def forward(self, x: Tensor) -> Tensor:
        """Return relu(x): any shape -> the same shape."""
        return relu(x)

    def __repr__(self) -> str:
        return "ReLU()"
