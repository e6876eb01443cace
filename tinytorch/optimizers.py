"""Module 06: optimizers, which turn gradients into better parameters.

Public parts: `SGD`, `Adam`, `AdamW`, `RMSprop`. What they share is `tinytorch.optimizer_base.Optimizer`; what changes
the rate over time is in `tinytorch.schedulers`, and what bounds gradients in `tinytorch.clipping`.

In the formulas p is a parameter, g its gradient. weight_decay is L2: weight_decay * p is added to g. All defaults are
PyTorch's, and so are the steps, to rounding.
"""

import math
from typing import ClassVar

import numpy as np

from tinytorch.optimizer_base import Optimizer, Options, Parameters, State, at_least_zero
from tinytorch.tensor import Array


class SGD(Optimizer):
    """Stochastic gradient descent: p <- p - lr * v, where v carries on some of the steps before.

        v <- momentum * v + (1 - dampening) * g     (v starts as the first g)

    nesterov: go on by g + momentum * v instead, the gradient where the momentum leads to.

    Raises ValueError as `Optimizer`, for a negative momentum or dampening, and for nesterov without momentum or with
    dampening.
    Source: Sutskever, Martens, Dahl, Hinton, "On the importance of initialization and momentum in deep learning"
    (2013), eq. 1 to 4, with lr outside of v as in PyTorch.

    >>> from tinytorch import Tensor
    >>> p = Tensor([1.0], requires_grad=True)
    >>> (p * p).sum().backward()
    >>> SGD([p], lr=0.1).step()  # the gradient is 2
    >>> p
    Tensor([0.8], requires_grad=True)
    """

    array_state: ClassVar[frozenset[str]] = frozenset({"velocity"})

    def __init__(
        self,
        params: Parameters,
        lr: float = 1e-3,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
    ) -> None:
        defaults = dict(lr=lr, momentum=momentum, dampening=dampening, weight_decay=weight_decay, nesterov=nesterov)
        super().__init__(params, defaults)

    def check(self, group: Options) -> None:
        """Raise ValueError for a negative momentum or dampening, and for nesterov without its conditions."""
        at_least_zero("momentum", group["momentum"])
        at_least_zero("dampening", group["dampening"])
        if group["nesterov"] and (not group["momentum"] or group["dampening"]):
            raise ValueError(
                f"nesterov wanted a momentum above 0 and no dampening, got momentum={group['momentum']} and "
                f"dampening={group['dampening']}"
            )

    def update(self, parameter: Array, gradient: Array, state: State, group: Options) -> None:
        """Go one step downhill, and carry on some of the steps before."""
        momentum, decay = group["momentum"], group["weight_decay"]
        first = "velocity" not in state
        share = 1.0 if first else 1.0 - group["dampening"]
        velocity = self.memory(state, "velocity", parameter) if momentum else gradient
        for p, g, v, scratch, other in self.chunks(parameter, gradient, velocity):
            if decay:
                g = np.add(g, np.multiply(p, decay, out=other), out=other)
            if momentum:
                v *= momentum
                v += g if share == 1 else np.multiply(g, share, out=scratch)
            if group["nesterov"]:
                g = np.add(g, np.multiply(v, momentum, out=scratch), out=scratch)
            elif momentum:
                g = v
            p -= np.multiply(g, group["lr"], out=scratch)


class Adam(Optimizer):
    """Steps of about lr for each number, from running means m of the gradient and v of its square.

        m <- b1 m + (1 - b1) g
        v <- b2 v + (1 - b2) g²
        p <- p - lr * (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps)

    t counts a parameter's steps from 1. m and v start at 0, which makes them too small; the divisions correct that.
    betas: (b1, b2), each in [0, 1). eps: keeps the division finite where all gradients were 0.

    Raises ValueError as `Optimizer`, and for betas or eps out of range.
    Source: Kingma and Ba, "Adam: a method for stochastic optimization" (2015), algorithm 1.

    >>> from tinytorch import Tensor
    >>> p = Tensor([1.0, 1.0], requires_grad=True)
    >>> (p * Tensor([0.1, 1000.0])).sum().backward()
    >>> Adam([p], lr=0.1).step()  # the first step is lr, however large the gradient
    >>> p
    Tensor([0.9, 0.9], requires_grad=True)
    """

    needed_state: ClassVar[frozenset[str]] = frozenset({"step", "betas", "gradient_sum", "square_sum"})
    array_state: ClassVar[frozenset[str]] = frozenset({"gradient_sum", "square_sum"})
    decoupled: ClassVar[bool] = False  # whether weight decay goes past the means, straight to the parameter

    def __init__(
        self,
        params: Parameters,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay))

    def check(self, group: Options) -> None:
        """Raise ValueError for betas outside [0, 1) or a negative eps."""
        betas = group["betas"]
        if not isinstance(betas, tuple | list) or len(betas) != 2 or not all(0 <= beta < 1 for beta in betas):
            raise ValueError(
                f"{type(self).__name__} wanted both betas in [0, 1), got {betas}; the usual ones are (0.9, 0.999)"
            )
        at_least_zero("eps", group["eps"])

    def update(self, parameter: Array, gradient: Array, state: State, group: Options) -> None:
        """Move both running sums, and the parameter by their ratio."""
        b1, b2 = group["betas"]
        last1, last2 = state.get("betas", (b1, b2))
        steps = state["step"] = state.get("step", 0) + 1
        state["betas"] = b1, b2
        m_sum = self.memory(state, "gradient_sum", parameter)
        v_sum = self.memory(state, "square_sum", parameter)
        # The sums are the paper's means without the factors (1 - b1) and (1 - b2). These go into two numbers here, so
        # that the arrays are passed over ten times rather than fourteen. Where a beta changes, so does its factor.
        keep1, keep2 = b1 * (1 - last1) / (1 - b1), b2 * (1 - last2) / (1 - b2)
        root = math.sqrt((1 - b2**steps) / (1 - b2))
        rate = group["lr"] * root * (1 - b1) / (1 - b1**steps)
        eps = group["eps"] * root
        decay, shrink = group["weight_decay"], 1 - group["lr"] * group["weight_decay"]
        for p, g, m, v, scratch, other in self.chunks(parameter, gradient, m_sum, v_sum):
            if decay and self.decoupled:
                p *= shrink
            elif decay:
                g = np.add(g, np.multiply(p, decay, out=other), out=other)
            m *= keep1
            m += g
            v *= keep2
            v += np.multiply(g, g, out=scratch, dtype=scratch.dtype)
            np.sqrt(v, out=scratch)
            scratch += eps
            np.divide(m, scratch, out=scratch)
            scratch *= rate
            p -= scratch


class AdamW(Adam):
    """Adam with decoupled weight decay: p <- p - lr * weight_decay * p before Adam's step, which doesn't see it.

    So each number shrinks by the same share, however large its gradients are; 0.01 by default.

    Raises as `Adam`.
    Source: Loshchilov and Hutter, "Decoupled weight decay regularization" (2019), algorithm 2.

    >>> from tinytorch import Tensor
    >>> p = Tensor([1.0], requires_grad=True)
    >>> (p * 0.0).sum().backward()
    >>> AdamW([p], lr=0.1, weight_decay=0.5).step()
    >>> p
    Tensor([0.95], requires_grad=True)
    """

    decoupled: ClassVar[bool] = True

    def __init__(
        self,
        params: Parameters,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay)


class RMSprop(Optimizer):
    """Gradients divided by the root of a running mean s of their squares.

        s <- alpha s + (1 - alpha) g²
        v <- momentum * v + g / (sqrt(s) + eps)
        p <- p - lr * v

    centered: divide by the running standard deviation, sqrt(s - mean²), instead. alpha: in [0, 1).

    Raises ValueError as `Optimizer`, and for alpha, eps or momentum out of range.
    Source: Tieleman and Hinton, "Lecture 6.5: RMSProp" (2012); centered: Graves, "Generating sequences with recurrent
    neural networks" (2013), eq. 38 to 41.

    >>> from tinytorch import Tensor
    >>> p = Tensor([1.0], requires_grad=True)
    >>> (p * 5.0).sum().backward()
    >>> RMSprop([p], lr=0.1, alpha=0.75).step()  # g / sqrt(0.25 g²) = 2
    >>> p
    Tensor([0.8], requires_grad=True)
    """

    needed_state: ClassVar[frozenset[str]] = frozenset({"square_mean"})
    array_state: ClassVar[frozenset[str]] = frozenset({"square_mean", "gradient_mean", "velocity"})

    def __init__(
        self,
        params: Parameters,
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
    ) -> None:
        defaults = dict(lr=lr, alpha=alpha, eps=eps, weight_decay=weight_decay, momentum=momentum, centered=centered)
        super().__init__(params, defaults)

    def check(self, group: Options) -> None:
        """Raise ValueError for an alpha outside [0, 1) or a negative eps or momentum."""
        if not 0 <= group["alpha"] < 1:
            raise ValueError(f"RMSprop wanted alpha in [0, 1), got {group['alpha']}; the usual one is 0.99")
        at_least_zero("eps", group["eps"])
        at_least_zero("momentum", group["momentum"])

    def update(self, parameter: Array, gradient: Array, state: State, group: Options) -> None:
        """Move the running means, and the parameter by the gradient over their root."""
        alpha, decay, momentum, centered = (group[key] for key in ("alpha", "weight_decay", "momentum", "centered"))
        squares = self.memory(state, "square_mean", parameter)
        means = self.memory(state, "gradient_mean", parameter) if centered else squares
        velocity = self.memory(state, "velocity", parameter) if momentum else squares
        for p, g, s, mean, v, scratch, other in self.chunks(parameter, gradient, squares, means, velocity):
            if decay:
                g = np.add(g, np.multiply(p, decay, out=other), out=other)
            s *= alpha
            np.multiply(g, 1 - alpha, out=scratch, dtype=scratch.dtype)
            if centered:
                mean *= alpha
                mean += scratch
            scratch *= g
            s += scratch
            if centered:
                np.multiply(mean, mean, out=scratch)
                np.subtract(s, scratch, out=scratch)
                np.maximum(scratch, 0, out=scratch)  # a variance is never negative; rounding may say so
                np.sqrt(scratch, out=scratch)
            else:
                np.sqrt(s, out=scratch)
            scratch += group["eps"]
            np.divide(g, scratch, out=scratch)
            if momentum:
                v *= momentum
                v += scratch
                np.multiply(v, group["lr"], out=scratch)
            else:
                scratch *= group["lr"]
            p -= scratch
