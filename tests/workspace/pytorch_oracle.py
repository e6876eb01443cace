"""PyTorch as the judge of operations: the same values and gradients, for hypothesis-made arrays.

`CASES` and `WORST` count what was compared and keep the largest error by name, relative to numbers above 1.
`python -m pytest -p pytorch_oracle tests/workspace/test_reference_losses.py` prints both.
"""

import importlib.util
import warnings
from collections import Counter

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tinytorch.tensor import from_numpy

torch = None
if importlib.util.find_spec("torch"):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch's own, at import
        import torch

needs_torch = pytest.mark.skipif(
    torch is None, reason="PyTorch is not installed; it is never needed: pip install torch"
)
steady = settings(max_examples=40, deadline=None, derandomize=True, database=None)

CASES: Counter[str] = Counter()
WORST: dict[str, float] = {}
TOLERANCE = {"float32": 4e-6, "float64": 1e-12}

dtypes = st.sampled_from([np.float32, np.float64])
shapes = hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)


@st.composite
def arrays(draw, shape=shapes, dtype=dtypes, special=(0.0, -0.0, 1.0, -1.0, 1e4, -1e4)):
    """Return an array of normal numbers with special ones among them: contiguous, transposed, or a strided view."""
    shape = draw(shape) if isinstance(shape, st.SearchStrategy) else shape
    dtype = draw(dtype) if isinstance(dtype, st.SearchStrategy) else dtype
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    layout = draw(st.sampled_from(["contiguous", "transposed", "strided"]))
    values = generator.standard_normal(shape) * draw(st.sampled_from([1.0, 5.0]))
    chosen = generator.choice(special, size=shape)
    values = np.where(generator.random(shape) < draw(st.sampled_from([0.0, 0.3])), chosen, values).astype(dtype)
    if layout == "transposed":
        return np.asarray(values, order="F")
    if layout == "strided" and values.ndim:
        wide = np.zeros((*values.shape[:-1], 2 * values.shape[-1]), dtype)
        wide[..., ::2] = values
        return wide[..., ::2]
    return np.asarray(values)


def compare(name, ours, theirs, *inputs, seed=0):
    """Compare f(*inputs) and its gradients by the inputs with PyTorch's; note the worst error under `name`.

    Both get the same seed for backward, and every dtype and shape must be PyTorch's too.
    """
    mine = [from_numpy(x) for x in inputs]
    others = [torch.tensor(x.copy()) for x in inputs]
    for x, other in zip(mine, others, strict=True):
        x.requires_grad = True
        other.requires_grad_()
    y, z = ours(*mine), theirs(*others)
    same(name, y.data, z)
    seed_array = np.asarray(np.random.default_rng(seed).standard_normal(y.shape)).astype(y.dtype)
    y.backward(seed_array)
    z.backward(torch.tensor(seed_array))
    for x, other in zip(mine, others, strict=True):
        assert x.grad is not None
        same(f"{name}, gradient", x.grad.data, other.grad)


def same(name, ours, theirs):
    """Assert that an array is PyTorch's, in dtype, shape and values; NaN and inf must be in the same places."""
    expected = theirs.detach().numpy()
    assert ours.dtype == expected.dtype
    assert ours.shape == expected.shape
    finite = np.isfinite(expected)
    np.testing.assert_array_equal(ours[~finite], expected[~finite])
    errors = np.abs(ours[finite] - expected[finite]) / np.maximum(1, np.abs(expected[finite]))
    error = float(errors.max(initial=0.0))
    key = f"{name} {ours.dtype}"
    CASES[key] += 1
    WORST[key] = max(WORST.get(key, 0.0), error)
    assert error <= TOLERANCE[str(ours.dtype)], key


def pytest_terminal_summary(terminalreporter):
    """Print what was compared, where this file is loaded as a plugin."""
    terminalreporter.section("compared with PyTorch")
    for key in sorted(WORST):
        terminalreporter.write_line(f"{key:60} {CASES[key]:5} cases   worst error {WORST[key]:.1e}")
    terminalreporter.write_line(f"{sum(CASES.values())} comparisons")
