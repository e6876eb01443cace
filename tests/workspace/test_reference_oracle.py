"""The reference beside PyTorch, in float64: same values, gradients and trajectories. Skipped where PyTorch isn't."""

import warnings

import numpy as np
import pytest

from tinytorch import SGD, Adam, Linear, ReLU, Sequential, Tensor, cross_entropy, relu

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # PyTorch's own, at import
    torch = pytest.importorskip("torch", reason="PyTorch is not installed; it is never needed: pip install torch")

CLOSE = {"rtol": 1e-10, "atol": 1e-12}


def normal(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def same(ours, theirs):
    np.testing.assert_allclose(ours.data, theirs.detach().numpy(), **CLOSE)


def test_relu_and_its_gradient_also_at_the_kink():
    x = normal(3, 4)
    x[0, 0] = 0.0
    ours, theirs = Tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    seed = normal(3, 4, seed=1)
    y, z = relu(ours), torch.relu(theirs)
    y.backward(seed)
    z.backward(torch.tensor(seed))
    same(y, z)
    same(ours.grad, theirs.grad)


@pytest.mark.parametrize("scale", [1.0, 100.0], ids=["small logits", "large logits"])
def test_cross_entropy_and_its_gradient(scale):
    x, targets = normal(5, 7) * scale, np.array([6, 0, 3, 3, 1])
    ours, theirs = Tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    y, z = cross_entropy(ours, targets), torch.nn.functional.cross_entropy(theirs, torch.tensor(targets))
    y.backward()
    z.backward()
    same(y, z)
    same(ours.grad, theirs.grad)


def networks():
    """Return the same network twice, ours and theirs."""
    generator = np.random.default_rng(0)
    ours = Sequential(
        Linear(6, 5, seed=generator, dtype=np.float64), ReLU(), Linear(5, 4, seed=generator, dtype=np.float64)
    )
    theirs = torch.nn.Sequential(torch.nn.Linear(6, 5), torch.nn.ReLU(), torch.nn.Linear(5, 4)).double()
    with torch.no_grad():
        for mine, other in zip(ours, theirs, strict=True):
            if isinstance(mine, Linear):
                other.weight.copy_(torch.tensor(mine.weight.data.T))
                other.bias.copy_(torch.tensor(mine.bias.data))
    return ours, theirs


def test_linear_and_its_gradients():
    ours, theirs = networks()
    x = normal(3, 6, seed=2)
    ours(Tensor(x)).backward(normal(3, 4, seed=3))
    theirs(torch.tensor(x)).backward(torch.tensor(normal(3, 4, seed=3)))
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        same(mine.grad.T, other.grad)


def test_linears_first_values_spread_as_pytorchs():
    torch.manual_seed(0)
    for mine, other in zip(Linear(50, 400, seed=0).parameters(), torch.nn.Linear(50, 400).parameters(), strict=True):
        assert np.abs(mine.data).max() == pytest.approx(other.abs().max().item(), rel=0.02)
        assert mine.data.std() == pytest.approx(other.std().item(), rel=0.1)


@pytest.mark.parametrize(
    ("ours", "theirs", "options"),
    [
        (SGD, "SGD", {"lr": 0.05}),
        (SGD, "SGD", {"lr": 0.05, "momentum": 0.9}),
        (Adam, "Adam", {"lr": 0.01}),
        (Adam, "Adam", {"lr": 0.1, "betas": (0.5, 0.9), "eps": 1e-2}),
    ],
    ids=["SGD", "momentum", "Adam", "Adam with large eps"],
)
def test_trajectory(ours, theirs, options):
    model, other = networks()
    optimizer = ours(model.parameters(), **options)
    other_optimizer = getattr(torch.optim, theirs)(other.parameters(), **options)
    for step in range(50):
        x, targets = normal(8, 6, seed=step), np.arange(8) % 4
        optimizer.zero_grad()
        cross_entropy(model(Tensor(x)), targets).backward()
        optimizer.step()
        other_optimizer.zero_grad()
        torch.nn.functional.cross_entropy(other(torch.tensor(x)), torch.tensor(targets)).backward()
        other_optimizer.step()
    for mine, theirs_p in zip(model.parameters(), other.parameters(), strict=True):
        np.testing.assert_allclose(mine.data.T, theirs_p.detach().numpy(), rtol=1e-10, atol=1e-10)
