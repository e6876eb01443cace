"""Module 06: optimizers, which turn gradients into better parameters.

Public parts: `SGD`, `Adam`, `AdamW`, `RMSprop`. What they share is `tinytorch.optimizer_base.Optimizer`; what changes
the rate over time is in `tinytorch.schedulers`, and what bounds gradients in `tinytorch.clipping`.

In the formulas p is a parameter, g its gradient; `maximize` goes uphill, by -g. weight_decay is L2: weight_decay * p is
added to g. Defaults and names are PyTorch's, also in the state, and so are the steps, to rounding.
"""

import math
from typing import ClassVar

import numpy as np

from tinytorch.optimizer_base import Optimizer, against, at_least_zero, below_one
from tinytorch.optimizer_checks import Options, Parameters, State
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

    array_state: ClassVar[frozenset[str]] = frozenset({"momentum_buffer"})

    def __init__(
        self,
        params: Parameters,
        lr: float = 1e-3,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        **how: bool | None,
    ) -> None:
        defaults = dict(lr=lr, momentum=momentum, dampening=dampening, weight_decay=weight_decay, nesterov=nesterov)
        super().__init__(params, {**defaults, "maximize": maximize}, how)

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
        lr, momentum, decay = group["lr"], group["momentum"], group["weight_decay"]
        share = 1.0 if "momentum_buffer" not in state else 1.0 - group["dampening"]
        nesterov, maximize = group["nesterov"], group["maximize"]
        velocity = self.memory(state, "momentum_buffer", parameter) if momentum else gradient
        for p, g, v, scratch, other in self.chunks(parameter, gradient, velocity):
            g = against(p, g, decay, maximize, other)
            if momentum:
                v *= momentum
                v += g if share == 1 else np.multiply(g, share, out=scratch)
            if nesterov:
                g = np.add(g, np.multiply(v, momentum, out=scratch), out=scratch)
            elif momentum:
                g = v
            np.multiply(g, lr, out=scratch, dtype=scratch.dtype)
            p -= scratch


class Adam(Optimizer):
    """Steps of about lr for each number, from running means m of the gradient and v of its square.

        m <- b1 m + (1 - b1) g
        v <- b2 v + (1 - b2) g²
        p <- p - lr * (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps)

    t counts a parameter's steps from 1. m and v start at 0, which makes them too small; the divisions correct that.
    betas: (b1, b2), each in [0, 1). eps: keeps the division finite where all gradients were 0.
    amsgrad: divide by the largest v so far, so that steps never grow again (Reddi, Kale, Kumar, "On the convergence of
    Adam and beyond" (2018), algorithm 2).

    Raises ValueError as `Optimizer`, and for betas or eps out of range.
    Source: Kingma and Ba, "Adam: a method for stochastic optimization" (2015), algorithm 1.

    >>> from tinytorch import Tensor
    >>> p = Tensor([1.0, 1.0], requires_grad=True)
    >>> (p * Tensor([0.1, 1000.0])).sum().backward()
    >>> Adam([p], lr=0.1).step()  # the first step is lr, however large the gradient
    >>> p.data.round(5).tolist() == np.float32([0.9, 0.9]).tolist()
    True
    """

    needed_state: ClassVar[frozenset[str]] = frozenset({"step", "exp_avg", "exp_avg_sq"})
    array_state: ClassVar[frozenset[str]] = frozenset({"exp_avg", "exp_avg_sq", "max_exp_avg_sq"})
    decoupled: ClassVar[bool] = False  # whether weight decay goes past the means, straight to the parameter

    def __init__(
        self,
        params: Parameters,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        **how: bool | None,
    ) -> None:
        defaults = dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, amsgrad=amsgrad, maximize=maximize)
        super().__init__(params, defaults, how)

    def check(self, group: Options) -> None:
        """Raise ValueError for betas outside [0, 1) or a negative eps; TypeError for what are no two numbers."""
        betas = group["betas"]
        if not isinstance(betas, tuple | list) or len(betas) != 2:
            raise TypeError(f"{type(self).__name__} wanted two betas, such as (0.9, 0.999), got {betas!r:.80}")
        below_one("betas[0]", betas[0], 0.9)
        below_one("betas[1]", betas[1], 0.999)
        at_least_zero("eps", group["eps"])

    def update(self, parameter: Array, gradient: Array, state: State, group: Options) -> None:
        """Move both running means, and the parameter by their ratio."""
        lr, eps, decay, (b1, b2) = group["lr"], group["eps"], group["weight_decay"], group["betas"]
        amsgrad, maximize = group["amsgrad"], group["maximize"]
        shrink, added = (1 - lr * decay, 0.0) if self.decoupled else (1.0, decay)
        steps = state["step"] = state.get("step", 0) + 1
        means = self.memory(state, "exp_avg", parameter)
        squares = self.memory(state, "exp_avg_sq", parameter)
        largest = self.memory(state, "max_exp_avg_sq", parameter) if amsgrad else squares
        root = math.sqrt(1 - b2**steps)  # both corrections go into numbers, not over arrays
        rate, eps = lr * root / (1 - b1**steps), eps * root
        for p, g, m, v, most, scratch, other in self.chunks(parameter, gradient, means, squares, largest):
            if shrink != 1:
                p *= shrink
            g = against(p, g, added, maximize, other)
            m *= b1
            m += np.multiply(g, 1 - b1, out=scratch, dtype=scratch.dtype)
            v *= b2
            scratch *= (1 - b2) / (1 - b1)  # before the square: that of a large gradient may not fit into float32
            scratch *= g
            v += scratch
            np.sqrt(np.maximum(most, v, out=most) if amsgrad else v, out=scratch)
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
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        **how: bool | None,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, maximize=maximize, **how)


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

    needed_state: ClassVar[frozenset[str]] = frozenset({"square_avg"})
    array_state: ClassVar[frozenset[str]] = frozenset({"square_avg", "grad_avg", "momentum_buffer"})

    def __init__(
        self,
        params: Parameters,
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
        *,
        maximize: bool = False,
        **how: bool | None,
    ) -> None:
        defaults = dict(lr=lr, alpha=alpha, eps=eps, weight_decay=weight_decay, momentum=momentum, centered=centered)
        super().__init__(params, {**defaults, "maximize": maximize}, how)

    def check(self, group: Options) -> None:
        """Raise ValueError for an alpha outside [0, 1) or a negative eps or momentum."""
        below_one("alpha", group["alpha"], 0.99)
        at_least_zero("eps", group["eps"])
        at_least_zero("momentum", group["momentum"])

    def update(self, parameter: Array, gradient: Array, state: State, group: Options) -> None:
        """Move the running means, and the parameter by the gradient over their root."""
        lr, alpha, eps, decay, momentum = (group[key] for key in ("lr", "alpha", "eps", "weight_decay", "momentum"))
        centered, maximize = group["centered"], group["maximize"]
        squares = self.memory(state, "square_avg", parameter)
        means = self.memory(state, "grad_avg", parameter) if centered else squares
        velocity = self.memory(state, "momentum_buffer", parameter) if momentum else squares
        for p, g, s, mean, v, scratch, other in self.chunks(parameter, gradient, squares, means, velocity):
            g = against(p, g, decay, maximize, other)
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
            scratch += eps
            np.divide(g, scratch, out=scratch, dtype=scratch.dtype)
            if momentum:
                v *= momentum
                v += scratch
                np.multiply(v, lr, out=scratch)
            else:
                scratch *= lr
            p -= scratch
