"""Module 03: first values for parameters. Each function fills a tensor in place and returns it, under PyTorch's name.

Public parts: `zeros_`, `ones_`, `constant_`, `uniform_`, `normal_`, `trunc_normal_`, `xavier_uniform_` and
`xavier_normal_` (Glorot's), `kaiming_uniform_` and `kaiming_normal_` (He's), `orthogonal_`, `eye_`, `calculate_gain`,
`fans`.

seed, wherever it stands: an int, a Generator (one for all tensors of a network), or None for other values in every run;
generator is PyTorch's name of it. A tensor without elements stays as it is.
The tensor's dtype stays. All raise TypeError for what isn't a Tensor of floats, before anything changes.
"""

import math

import numpy as np

from tinytorch.checks import number
from tinytorch.creation import Seed, generator_of
from tinytorch.tensor import Array, Shape, Tensor

MOST_DRAWS = 1000  # of a value that shall lie between bounds: enough where one in 50 does
LEAKY_SLOPE = 0.01  # PyTorch's default slope in the gain of leaky_relu
CONVOLUTIONS = [f"conv{kind}{axes}d" for kind in ("", "_transpose") for axes in (1, 2, 3)]
LINEAR = dict.fromkeys(("linear", *CONVOLUTIONS, "sigmoid"), 1.0)
GAINS = {**LINEAR, "tanh": 5 / 3, "relu": math.sqrt(2), "selu": 3 / 4}


def constant_(tensor: Tensor, val: float) -> Tensor:
    """Set every element to `val`."""
    return _fill(tensor, np.full(_shape(tensor), number(val, "constant_'s val")))


def zeros_(tensor: Tensor) -> Tensor:
    """Set every element to 0."""
    return constant_(tensor, 0.0)


def ones_(tensor: Tensor) -> Tensor:
    """Set every element to 1."""
    return constant_(tensor, 1.0)


def eye_(tensor: Tensor) -> Tensor:
    """Set the elements of the diagonal to 1 and all others to 0. Raises ValueError unless there are two axes."""
    shape = _shape(tensor)
    if len(shape) != 2:
        raise ValueError(f"eye_ wanted two axes, got {shape}")
    return _fill(tensor, np.eye(*shape))


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, *, seed: Seed = None, generator: Seed = None) -> Tensor:
    """Draw every element uniformly from [a, b). Raises ValueError if a is above b or one isn't finite."""
    a, b = number(a, "uniform_'s a"), number(b, "uniform_'s b")
    if not -math.inf < a <= b < math.inf:
        raise ValueError(f"uniform_ wanted finite a <= b, got {a} and {b}")
    return _fill(tensor, generator_of(seed, generator).uniform(a, b, _shape(tensor)))


def normal_(
    tensor: Tensor, mean: float = 0.0, std: float = 1.0, *, seed: Seed = None, generator: Seed = None
) -> Tensor:
    """Draw every element from a normal distribution. Raises ValueError for a negative or infinite std."""
    mean, std = _mean_and_std("normal_", mean, std)
    return _fill(tensor, generator_of(seed, generator).normal(mean, std, _shape(tensor)))


def trunc_normal_(
    tensor: Tensor,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    *,
    seed: Seed = None,
    generator: Seed = None,
) -> Tensor:
    """Draw every element from a normal distribution until it lies in [a, b], which are values, no multiples of std.

    Raises ValueError for a negative or infinite std, and for bounds between which nearly nothing of it lies.
    """
    mean, std = _mean_and_std("trunc_normal_", mean, std)
    a, b = number(a, "trunc_normal_'s a"), number(b, "trunc_normal_'s b")
    numbers = generator_of(seed, generator)
    values = numbers.normal(mean, std, _shape(tensor))
    for _ in range(MOST_DRAWS):
        outside = ~((values >= a) & (values <= b))
        if not outside.any():
            return _fill(tensor, values)
        values[outside] = numbers.normal(mean, std, int(outside.sum()))
    raise ValueError(f"trunc_normal_ wanted a and b around the mean {mean}, with std {std}, got {a} and {b}")


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, *, seed: Seed = None, generator: Seed = None) -> Tensor:
    """Draw uniformly from ±gain * sqrt(6 / (fan_in + fan_out)), so that forward and backward keep their variance.

    Raises ValueError for fewer than two axes.
    Source: Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks" (2010), eq.
    16.
    """
    bound = number(gain, "xavier_uniform_'s gain") * math.sqrt(6 / max(1, sum(fans(_shape(tensor)))))
    return uniform_(tensor, -bound, bound, seed=seed, generator=generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, *, seed: Seed = None, generator: Seed = None) -> Tensor:
    """Draw normally with std = gain * sqrt(2 / (fan_in + fan_out)).

    Raises ValueError for fewer than two axes. Source: as `xavier_uniform_`, eq. 12.
    """
    std = number(gain, "xavier_normal_'s gain") * math.sqrt(2 / max(1, sum(fans(_shape(tensor)))))
    return normal_(tensor, 0.0, std, seed=seed, generator=generator)


def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0.0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    *,
    seed: Seed = None,
    generator: Seed = None,
) -> Tensor:
    """Draw uniformly from ±gain * sqrt(3 / fan), which has the standard deviation gain / sqrt(fan).

    a: the slope of leaky_relu below 0; unused for others. nonlinearity: what follows, see `calculate_gain`.
    mode: "fan_in" keeps the variance of what goes forward, "fan_out" of the gradients that come back.
    Raises ValueError for fewer than two axes, another mode or nonlinearity.
    Source: He, Zhang, Ren, Sun, "Delving deep into rectifiers" (2015), eq. 10, 14 and 15.
    """
    bound = math.sqrt(3) * _kaiming_std(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, seed=seed, generator=generator)


def kaiming_normal_(
    tensor: Tensor,
    a: float = 0.0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    *,
    seed: Seed = None,
    generator: Seed = None,
) -> Tensor:
    """Draw normally with std = gain / sqrt(fan); arguments, errors and source as `kaiming_uniform_`."""
    return normal_(tensor, 0.0, _kaiming_std(tensor, a, mode, nonlinearity), seed=seed, generator=generator)


def orthogonal_(tensor: Tensor, gain: float = 1.0, *, seed: Seed = None, generator: Seed = None) -> Tensor:
    """Draw a matrix whose shorter side's vectors are orthogonal and of length `gain`; axes after the first are one.

    Raises ValueError for fewer than two axes.
    Source: Saxe, McClelland, Ganguli, "Exact solutions to the nonlinear dynamics of learning in deep linear neural
    networks" (2014), section 3; uniform among all such matrices by Mezzadri, "How to generate random matrices from the
    classical compact groups" (2007), section 5.
    """
    shape, gain = _shape(tensor), number(gain, "orthogonal_'s gain")
    fans(shape)  # raises for fewer than two axes
    rows, columns = shape[0], math.prod(shape[1:])
    drawn = generator_of(seed, generator).standard_normal((max(rows, columns), min(rows, columns)))
    q, r = np.linalg.qr(drawn)
    q = q * np.where(np.diag(r) < 0, -1.0, 1.0)  # qr chooses the signs of r's diagonal; made positive, q is uniform
    return _fill(tensor, gain * (q if rows >= columns else q.T).reshape(shape))


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """Return by how much weights before this nonlinearity are enlarged, so that the variance stays: PyTorch's values.

    nonlinearity: "linear", "conv1d" to "conv3d", "conv_transpose1d" to "conv_transpose3d", "sigmoid", "tanh", "relu",
        "selu", or "leaky_relu".
    param: the slope of leaky_relu below 0, 0.01 without one; unused for others.

    >>> calculate_gain("leaky_relu", 1.0)
    1.0
    """
    if nonlinearity == "leaky_relu":
        slope = LEAKY_SLOPE if param is None else number(param, "the slope of leaky_relu")
        return math.sqrt(2 / (1 + slope**2))
    if nonlinearity not in GAINS:
        raise ValueError(f"a nonlinearity is one of {', '.join(GAINS)} and leaky_relu, got {nonlinearity!r}")
    return GAINS[nonlinearity]


def fans(shape: Shape) -> tuple[int, int]:
    """Return (fan_in, fan_out): how many inputs an output sums over, and how many outputs an input reaches.

    shape: (in_features, out_features) of Linear, or (out_channels, in_channels, *kernel) of a convolution.
    Raises ValueError for fewer than two axes.

    >>> fans((3, 5)), fans((8, 3, 5, 5))
    ((3, 5), (75, 200))
    """
    if len(shape) < 2:
        raise ValueError(f"fans need a weight of two axes or more, got {shape}; use zeros_ or uniform_")
    if len(shape) == 2:
        return shape[0], shape[1]
    kernel = math.prod(shape[2:])
    return shape[1] * kernel, shape[0] * kernel


def _kaiming_std(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f'mode is "fan_in" or "fan_out", got {mode!r}')
    fan_in, fan_out = fans(_shape(tensor))
    return calculate_gain(nonlinearity, a) / math.sqrt(max(1, fan_in if mode == "fan_in" else fan_out))


def _mean_and_std(name: str, mean: float, std: float) -> tuple[float, float]:
    mean, std = number(mean, f"{name}'s mean"), number(std, f"{name}'s std")
    if not 0 <= std < math.inf:
        raise ValueError(f"{name} wanted a finite std of 0 or more, got {std}")
    return mean, std


def _shape(tensor: Tensor) -> Shape:
    if not isinstance(tensor, Tensor):
        raise TypeError(f"first values go into a Tensor, got {type(tensor).__name__}; give layer.weight, not the layer")
    if tensor.dtype.kind != "f":
        raise TypeError(f"first values go into a Tensor of floats, got {tensor.dtype}")
    return tensor.shape


def _fill(tensor: Tensor, values: Array) -> Tensor:
    tensor.data = values.astype(tensor.dtype)
    return tensor
