"""The gradient rules of modules 02 to 04's operations, which no exercise asks for.

Public parts: one rule an operation, `<operation>_vjp(g, out, *inputs, **attributes)`; module 05 says what a rule is.
They stand here because modules 02 to 04 come before gradients. From module 09 on, an operation and its rule stand
together.
"""

import numpy as np

from tinytorch.activations import relu
from tinytorch.autograd import Gradients, vjp
from tinytorch.losses import cross_entropy
from tinytorch.tensor import Array


@vjp(relu)
def relu_vjp(g: Array, out: Array, x: Array) -> Gradients:
    """Let the gradient pass where the input was positive; at the kink it is 0, as in PyTorch."""
    return (g * (out > 0),)


@vjp(cross_entropy)
def cross_entropy_vjp(g: Array, out: Array, logits: Array, *, targets: Array, probabilities: Array) -> Gradients:
    """Return (softmax - one_hot(targets)) / N, scaled by the gradient of the mean.

    g, out: 0-d; logits, probabilities: (N, C), the latter softmax(logits); targets: (N,).
    Source: Bishop, "Pattern Recognition and Machine Learning" (2006), eq. 4.109.
    """
    each = g / len(targets)  # 0-d: every sample's share of the mean
    grad = probabilities * each
    grad[np.arange(len(targets)), targets] -= each
    return (grad,)
