"""PyTorch's names of module 01: the same call on `tinytorch` and on `torch` gives the same values and gradients."""

import math
import pickle

import numpy as np
import pytest
from finite_differences import gradient_error
from hypothesis import given
from hypothesis import strategies as st
from pytorch_oracle import arrays, compare, needs_torch, same, shapes, steady, torch

import tinytorch
from tinytorch import Tensor
from tinytorch.gradcheck import gradcheck
from tinytorch.graph import graph_text

dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=["float32", "float64"])
A = np.array([[1.5, -2.0, 0.25, 3.0], [0.5, 4.0, -1.0, 2.5], [-0.75, 1.0, 6.0, -3.5]])
SQUARE = np.array([[2.0, -1.0, 0.5], [1.5, 3.0, -2.5], [0.25, 4.0, 1.0]])
ROW = np.array([1.0, -2.0, 3.0, 0.5])
STACK = np.arange(24.0).reshape(2, 3, 4) / 7 - 1
TIES = np.array([[2.0, 1.0, 2.0], [-1.0, -1.0, 3.0]])
NUMBER = np.array(2.5)
EMPTY = np.zeros((0, 3))
PLACES = [[2, 0, 1, 0], [0, 1, 2, 1]]


def both(t, values):
    """Return integers or bools as t's tensor."""
    return t.tensor(values)


# Each is called with `tinytorch` and with `torch`; gradients flow to the arrays.
CASES = {
    "sum dim": (lambda t, x: x.sum(dim=1), A),
    "sum dim keepdim": (lambda t, x: x.sum(dim=-1, keepdim=True), A),
    "sum dims": (lambda t, x: x.sum([0, 2]), STACK),
    "sum function": (lambda t, x: t.sum(x, dim=(0, 1)), STACK),
    "mean dim": (lambda t, x: x.mean(dim=0), A),
    "mean dims": (lambda t, x: x.mean([0, 2], keepdim=True), STACK),
    "mean function": (lambda t, x: t.mean(x, dim=0), A),
    "var unbiased": (lambda t, x: x.var(dim=1, unbiased=False), A),
    "std unbiased": (lambda t, x: t.std(x, dim=1, unbiased=True, keepdim=True), A),
    "sum of a number": (lambda t, x: x.sum(dim=0), NUMBER),
    "prod dim": (lambda t, x: x.prod(dim=1), A),
    "prod of zero": (lambda t, x: x.prod(0), NUMBER * 0),
    "prod of zero keepdim": (lambda t, x: t.prod(x, dim=-1, keepdim=True), NUMBER * 0),
    "cumsum dim": (lambda t, x: x.cumsum(dim=1), A),
    "cumsum of a number": (lambda t, x: x.cumsum(0), NUMBER),
    "max of two": (lambda t, x, y: t.max(x, y), TIES, TIES[::-1].copy()),
    "min of two": (lambda t, x, y: t.min(x, y), TIES, TIES[::-1].copy()),
    "max dim": (lambda t, x: x.max(dim=1)[0], A),
    "max dim keepdim": (lambda t, x: x.max(dim=0, keepdim=True).values, A),
    "min dim": (lambda t, x: t.min(x, dim=1).values, A),
    "amax": (lambda t, x: x.amax(dim=1), TIES),
    "amin": (lambda t, x: t.amin(x, dim=(0, 1), keepdim=True), TIES),
    "amin method": (lambda t, x: x.amin(dim=0), TIES),
    "methods of one": (lambda t, x: x.neg() + x.square() + x.reciprocal() + x.sin() * x.cos(), A),
    "methods above 0": (lambda t, x: x.square().rsqrt() + x.square().log(), A),
    "methods with slope 0": (lambda t, x: x.sign() + x.ceil() + x, A),
    "bmm method": (lambda t, x: x.bmm(x.transpose(1, 2)), STACK),
    "mv method": (lambda t, x, y: x.mv(y), A, ROW),
    "broadcast_to method": (lambda t, x: x.broadcast_to((3, 4)), ROW),
    "squeeze dim": (lambda t, x: x.reshape(3, 1, 4).squeeze(dim=1), A),
    "squeeze of a number": (lambda t, x: x.squeeze(0).squeeze(-1), NUMBER),
    "unsqueeze dim": (lambda t, x: t.unsqueeze(x, dim=-1), A),
    "flatten start_dim": (lambda t, x: t.flatten(x, start_dim=1), STACK),
    "transpose dim0": (lambda t, x: t.swapaxes(x, 0, 1), A),
    "stack dim": (lambda t, x, y: t.stack([x, y], dim=1), A, A + 1),
    "split dim": (lambda t, x: x.split(3, dim=1)[1], A),
    "split sizes": (lambda t, x: t.split(x, [1, 3], dim=1)[1], A),
    "cat": (lambda t, x, y: t.cat([x, y], dim=1), A, A * 2),
    "cat default": (lambda t, x, y: t.cat((x, y)), A, A * 2),
    "cat of a generator": (lambda t, x: t.cat(tuple(x[i : i + 1] for i in range(2))), A),
    "hstack": (lambda t, x, y: t.hstack([x, y]), A, SQUARE),
    "hstack of vectors": (lambda t, x, y: t.hstack((x, y)), ROW, ROW[:2].copy()),
    "hstack of numbers": (lambda t, x, y: t.hstack((x, y)), NUMBER, NUMBER + 1),
    "vstack": (lambda t, x, y: t.vstack([x, y]), A, ROW),
    "vstack of vectors": (lambda t, x, y: t.vstack((x, y, x)), ROW, ROW + 1),
    "repeat_interleave": (lambda t, x: t.repeat_interleave(x, 3), A),
    "repeat_interleave dim": (lambda t, x: x.repeat_interleave(2, dim=-1), A),
    "repeat_interleave counts": (lambda t, x: t.repeat_interleave(x, both(t, [2, 0, 1]), dim=0), A),
    "meshgrid": (lambda t, x, y: math.prod(t.meshgrid(x, y, y * 2, indexing="ij")), ROW, A[:, 0].copy()),
    "meshgrid xy": (lambda t, x, y: t.meshgrid([x, y], indexing="xy")[1] * 3 + x, ROW, A[:, 0].copy()),
    "chunk": (lambda t, x: x.chunk(3, dim=1)[1] * 2 + x.chunk(2)[0].sum(), A),
    "chunk function": (lambda t, x: t.chunk(x, 2, dim=-1)[1], A),
    "unbind": (lambda t, x: t.unbind(x, dim=1)[2] * x.unbind()[1].sum(), A),
    "repeat": (lambda t, x: x.repeat(2, 3), A),
    "repeat new axes": (lambda t, x: x.repeat(2, 1, 2), A),
    "repeat none": (lambda t, x: x.repeat(0, 2), A),
    "repeat of a number": (lambda t, x: x.repeat(2, 2), NUMBER),
    "tile": (lambda t, x: t.tile(x, (2,)), A),
    "tile more": (lambda t, x: x.tile((2, 1, 2)), A),
    "flip": (lambda t, x: t.flip(x, [0, 1]), A),
    "flip dims": (lambda t, x: t.flip(x, dims=[0, 1]) * x.flip(dims=(1,)), A),
    "flip method": (lambda t, x: x.flip(1), A),
    "roll": (lambda t, x: t.roll(x, 3), A),
    "roll dims": (lambda t, x: t.roll(x, (1, -2), (0, 1)), A),
    "roll far": (lambda t, x: x.roll(-9, 1), A),
    "roll nothing": (lambda t, x: x.roll(2, 0), EMPTY),
    "movedim": (lambda t, x: t.movedim(x, 0, -1), STACK),
    "movedim several": (lambda t, x: x.movedim((0, 1), (2, 0)), STACK),
    "broadcast_to": (lambda t, x: t.broadcast_to(x, (3, 4)), ROW),
    "expand_as": (lambda t, x, y: x.expand_as(y) * y, ROW, A),
    "view_as": (lambda t, x, y: x.view_as(y) * y, ROW, SQUARE[:2, :2].copy()),
    "tril": (lambda t, x: t.tril(x), A),
    "tril diagonal": (lambda t, x: x.tril(1), STACK),
    "triu": (lambda t, x: t.triu(x, diagonal=-1), A),
    "triu NaN": (lambda t, x: (x / 0.0).triu(1), np.zeros((2, 2))),
    "diag": (lambda t, x: t.diag(x), ROW),
    "diag above": (lambda t, x: x.diag(2), ROW),
    "diag below": (lambda t, x: t.diag(x, -1), ROW),
    "diag of a matrix": (lambda t, x: t.diag(x, 1), A),
    "diag of a matrix below": (lambda t, x: x.diag(-2), A),
    "diag of a matrix far above": (lambda t, x: x.diag(2), A),
    "diag outside of a matrix": (lambda t, x: t.diag(x, 5), A),
    "index_select": (lambda t, x: t.index_select(x, 1, both(t, [3, 0, 0])), A),
    "masked_select": (lambda t, x: t.masked_select(x, x > 1), A),
    "masked_fill": (lambda t, x: x.masked_fill(x > 1, -math.inf), A),
    "masked_fill row": (lambda t, x: t.masked_fill(x, both(t, [True, False, True, False]), 2), A),
    "gather dim": (lambda t, x: t.gather(x, dim=0, index=both(t, PLACES)), A),
    "scatter": (lambda t, x, y: t.scatter(x, 0, both(t, [PLACES[0]]), y), A, ROW[None]),
    "scatter method": (lambda t, x: x.scatter(1, both(t, [[1, 3], [0, 2]]), 7.0), A),
    "scatter value": (lambda t, x: x.scatter(0, both(t, [PLACES[0]]), value=7.0), A),
    "scatter of a number": (lambda t, x: t.scatter(x, 0, both(t, 2), value=7.0), ROW),
    "scatter into a number": (lambda t, x, y: t.scatter(x, 0, both(t, 0), y), NUMBER, NUMBER + 1),
    "where method": (lambda t, x: x.where(x > 0, x * 3), A),
    "mm": (lambda t, x, y: t.mm(x, y.t()), A, A + 1),
    "mm method": (lambda t, x, y: x.mm(y.T), A, A + 1),
    "mv": (lambda t, x, y: t.mv(x, y), A, ROW),
    "dot": (lambda t, x, y: x.dot(y), ROW, ROW + 1),
    "bmm": (lambda t, x, y: t.bmm(x, y.mT), STACK, STACK + 1),
    "matmul": (lambda t, x, y: x.matmul(y), A, ROW),
    "outer": (lambda t, x, y: t.outer(x, y), ROW, ROW[:2].copy()),
    "norm": (lambda t, x: t.norm(x), A),
    "norm dim": (lambda t, x: x.norm(dim=1, keepdim=True), A),
    "norm 1": (lambda t, x: t.norm(x, 1, dim=0), A),
    "norm 3": (lambda t, x: t.norm(x, 3, dim=0), A),
    "norm 1.5": (lambda t, x: t.norm(x, 1.5), A * np.array([1, 0, 1, 1])),
    "norm half": (lambda t, x: t.norm(x, 0.5, 1), A),
    "norm half of zeros too": (lambda t, x: t.norm(x, 0.5), np.array([1.0, 0.0, -4.0])),
    "norm inf": (lambda t, x: x.norm(math.inf, dim=1), A),
    "norm of zeros": (lambda t, x: t.norm(x), np.zeros(3)),
    "norm 3 of zeros": (lambda t, x: t.norm(x, 3), np.zeros(3)),
    "norm 3 of length 1": (lambda t, x: t.norm(x, 3), np.array([0.0, -1.0, 0.0])),
    "norm of a number": (lambda t, x: x.norm(), NUMBER),
    "norm of nothing": (lambda t, x: t.norm(x, dim=0), EMPTY),
    "logsumexp": (lambda t, x: t.logsumexp(x, dim=1), A),
    "logsumexp large": (lambda t, x: x.logsumexp(dim=0, keepdim=True), A * 1000),
    "logsumexp dims": (lambda t, x: x.logsumexp((0, 2)), STACK),
    "logsumexp inf": (lambda t, x: t.logsumexp(x, 1), np.array([[1.0, -math.inf], [0.0, 2.0]])),
    "sort": (lambda t, x: t.sort(x, dim=1)[0], A),
    "sort down": (lambda t, x: x.sort(dim=0, descending=True).values, A),
    "sort of a number": (lambda t, x: x.sort()[0], NUMBER),
    "topk": (lambda t, x: t.topk(x, 2, dim=1)[0], A),
    "sort stable": (lambda t, x: t.sort(x, dim=1, stable=True)[0], TIES),
    "topk smallest": (lambda t, x: x.topk(2, dim=0, largest=False).values, A),
    "square": (lambda t, x: t.square(x), A),
    "reciprocal": (lambda t, x: t.reciprocal(x), A),
    "rsqrt": (lambda t, x: t.rsqrt(x), np.abs(A)),
    "log1p": (lambda t, x: x.log1p(), np.abs(A) / 9),
    "expm1": (lambda t, x: t.expm1(x), A / 3),
    "log2": (lambda t, x: t.log2(x), np.abs(A)),
    "log10": (lambda t, x: t.log10(x), np.abs(A)),
    "erf": (lambda t, x: t.erf(x), A / 2),
    "floor": (lambda t, x: x.floor(), A),
    "ceil": (lambda t, x: t.ceil(x), A),
    "trunc": (lambda t, x: t.trunc(x), A),
    "round": (lambda t, x: t.round(x), A),
    "round decimals": (lambda t, x: x.round(decimals=1), A),
    "clamp": (lambda t, x: x.clamp(min=0), A),
    "clamp both": (lambda t, x: t.clamp(x, -1, max=1), A),
    "pow": (lambda t, x: t.pow(x, 3) + x.pow(2), A),
    "mul": (lambda t, x, y: t.mul(x, y) * x.mul(2), A, ROW),
    "sub alpha": (lambda t, x, y: x.sub(y, alpha=3) + x.add(y, alpha=2), A, ROW),
    "div": (lambda t, x, y: t.div(x, y) + x.div(2), A, ROW),
    "neg": (lambda t, x: t.neg(x) - +x, A),
    "maximum": (lambda t, x, y: x.maximum(y) - x.minimum(y), A, ROW),
    "clone": (lambda t, x: x.clone(), A),
    "contiguous": (lambda t, x: x.t().contiguous() * 2, A),
    "double": (lambda t, x: x.double() * 2, A),
    "to": (lambda t, x: x.to("cpu").to(t.float32).type_as(x), A),
    "einsum of a list": (lambda t, x, y: t.einsum("ij,j->i", [x, y]), A, ROW),
    "size": (lambda t, x: x.view(x.size(0), -1) * x.size(-1) * len(x.size()), STACK),
}


@needs_torch
@dtypes
@pytest.mark.parametrize("name", CASES)
def test_values_and_gradients_are_pytorchs(name, dtype):
    f, *inputs = CASES[name]
    compare(name, lambda *x: f(tinytorch, *x), lambda *x: f(torch, *x), *[x.astype(dtype) for x in inputs])


@needs_torch
@pytest.mark.parametrize("name", CASES)
def test_nothing_is_computed_in_another_way_without_gradients(name):
    f, *inputs = CASES[name]
    same(name, f(tinytorch, *map(Tensor, inputs)).data, f(torch, *map(torch.tensor, inputs)))


# Of these only the values are compared: they are integers, bools or numbers.
VALUES = {
    "argmax dim": lambda t, x: x.argmax(dim=1),
    "argmin keepdim": lambda t, x: t.argmin(x, dim=0, keepdim=True),
    "max keepdim places": lambda t, x: x.max(1, keepdim=True)[1] + t.min(x, 1, keepdim=True).indices,
    "max dim places": lambda t, x: t.max(x, dim=1)[1],
    "min dim places": lambda t, x: x.min(dim=0).indices,
    "sort places": lambda t, x: t.sort(x, dim=1, stable=True).indices,
    "argsort": lambda t, x: t.argsort(x, dim=-1, descending=True, stable=True),
    "unique": lambda t, x: t.unique(x.long()),
    "unique NaN": lambda t, x: ((x - 1.5) / (x - 1.5)).unique(),
    "bincount": lambda t, x: t.bincount(t.tensor([1, 3, 3])) + t.tensor([1, 3, 1]).bincount(minlength=4),
    "isclose": lambda t, x: t.isclose(x, x.round() + 1e-9) | t.isclose(x / 0.0 * 0.0, x / 0.0 * 0.0, equal_nan=True),
    "logic": lambda t, x: (x > 0).logical_not().logical_or(x > 2).logical_and(x < 3),
    "one-hot": lambda t, x: t.zeros(2, 4).scatter_(1, t.tensor([[2], [0]]), 1.0),
    "one-hot of a label": lambda t, x: t.zeros(4).scatter_(0, t.tensor(3), value=1),
    "masked_fill_": lambda t, x: x.clone().masked_fill_(x > 1, 5.0),
    "what it is": lambda t, x: t.tensor([x.is_contiguous(), x.t().is_contiguous(), x.is_floating_point()]),
    "nelement": lambda t, x: t.tensor([x.nelement(), x.shape == t.Size([3, 4]), x.size() == t.Size((3, 4))]),
    "topk places": lambda t, x: x.topk(2, dim=1).indices,
    "all dim": lambda t, x: (x > -3).all(dim=1),
    "any keepdim": lambda t, x: t.any(x > 3, dim=0, keepdim=True),
    "argsort method": lambda t, x: x.argsort(dim=1),
    "allclose": lambda t, x: t.tensor([x.allclose(x), x.allclose(x + 1)]),
    "methods that ask": lambda t, x: (x / (x - 1.5)).isfinite() ^ ((x - 1.5) / (x - 1.5)).isnan(),
    "isnan": lambda t, x: t.isnan((x - 1.5) / (x - 1.5)),
    "isinf": lambda t, x: (x / (x - 1.5)).isinf(),
    "isfinite": lambda t, x: t.isfinite(x / (x - 1.5)),
    "equal": lambda t, x: t.tensor([t.equal(x, x), x.equal(x + 1), t.equal(x, x[0])]),
    "nonzero": lambda t, x: t.nonzero(x > 1),
    "nonzero as_tuple": lambda t, x: (x > 1).nonzero(as_tuple=True)[1],
    "nonzero as_tuple of a number": lambda t, x: t.stack(x[0, 0].nonzero(as_tuple=True)),
    "count_nonzero": lambda t, x: t.count_nonzero(x > 1, dim=0),
    "comparisons": lambda t, x: x.eq(1.5) | x.gt(2) | x.lt(-2) ^ x.ge(4) ^ x.le(0) & x.ne(0.25),
    "float": lambda t, x: (x > 0).float(),
    "half": lambda t, x: x.half(),
    "long": lambda t, x: x.long(),
    "int": lambda t, x: x.int(),
    "bool": lambda t, x: x.floor().bool(),
    "numbers": lambda t, x: t.tensor([x.dim(), x.numel(), t.numel(x), t.is_tensor(x), x.is_leaf]),
    "sum of bools": lambda t, x: (x > 0).sum(dim=1),
    "mean of floats": lambda t, x: (x > 0).float().mean(),
    "cumsum of a small int": lambda t, x: x[0, 3].to(t.int8).cumsum(0),
    "cumsum of a bool": lambda t, x: t.cumsum(x[0, 0] > 0, dim=0),
    "tril of ints": lambda t, x: t.tril(x.long()),
    "tril of bools": lambda t, x: t.ones(3, 3, dtype=t.bool).tril(),
    "masked_fill ints": lambda t, x: x.long().masked_fill(x > 1, 9),
    "diag of ints": lambda t, x: t.diag(x.long()[0]),
    "flip of ints": lambda t, x: x.long().flip(0),
    "floor of ints": lambda t, x: t.floor(x.long()),
    "full_like": lambda t, x: t.full_like(x, 3),
    "full_like dtype": lambda t, x: t.full_like(x, 3, dtype=t.int64),
    "zeros": lambda t, x: t.zeros(2, 3, dtype=t.long),
    "arange": lambda t, x: t.arange(3, dtype=t.float),
    "tensor of floats": lambda t, x: t.tensor([1.0, 2.0]),
    "tensor of ints": lambda t, x: t.tensor([[1], [2]]),
    "empty_shape": lambda t, x: t.empty(0, 3),
    "from_numpy": lambda t, x: t.from_numpy(A),
    "xor": lambda t, x: t.logical_xor(x > 1, x < 2),
    "small ints": lambda t, x: x.to(t.uint8) == -1,
    "small ints below": lambda t, x: t.ones(2, dtype=t.int8) < 300,
}


@needs_torch
@pytest.mark.filterwarnings("ignore")  # PyTorch's own, of casts
@pytest.mark.parametrize("name", VALUES)
def test_values_are_pytorchs(name):
    f = VALUES[name]
    x = np.abs(A) if name == "small ints" else A
    ours, theirs = f(tinytorch, Tensor(x)), f(torch, torch.tensor(x))
    expected = theirs.numpy()
    assert ours.dtype == expected.dtype
    np.testing.assert_array_equal(ours.data, expected)


@needs_torch
@steady
@given(x=arrays(special=(0.0, 1.0, -1.0, np.nan, np.inf)), data=st.data())
def test_order_is_pytorchs_with_ties_and_nan(x, data):
    axis = data.draw(st.integers(-max(x.ndim, 1), max(x.ndim, 1) - 1))
    down = data.draw(st.booleans())
    ours, theirs = (
        tinytorch.sort(x, axis, down),
        torch.sort(torch.tensor(x.copy()), stable=True, dim=axis, descending=down),
    )
    np.testing.assert_array_equal(ours.indices.data, theirs.indices.numpy())
    np.testing.assert_array_equal(ours.values.data, theirs.values.numpy())


@needs_torch
@steady
@given(x=arrays(shape=shapes.filter(math.prod), special=(0.0, 1.0, -1.0)), data=st.data())
def test_extremes_with_dim_are_pytorchs_with_ties(x, data):
    axis = data.draw(st.integers(-max(x.ndim, 1), max(x.ndim, 1) - 1))
    keep = data.draw(st.booleans())
    name = data.draw(st.sampled_from(["max", "min"]))
    ours = getattr(tinytorch, name)(x, dim=axis, keepdim=keep)
    theirs = getattr(torch, name)(torch.tensor(x.copy()), dim=axis, keepdim=keep)
    np.testing.assert_array_equal(ours.values.data, theirs.values.numpy())
    np.testing.assert_array_equal(ours.indices.data, theirs.indices.numpy())
    compare(
        f"{name} by dim",
        lambda x: getattr(x, name)(dim=axis, keepdim=keep)[0],
        lambda x: getattr(x, name)(dim=axis, keepdim=keep)[0],
        x,
    )


@pytest.mark.parametrize(
    "f",
    [
        lambda x: tinytorch.norm(x, 3, dim=0),
        lambda x: x.logsumexp(dim=1),
        lambda x: x.log1p() + x.expm1() + x.erf(),
        lambda x: x.scatter(1, Tensor([[1, 3]]), x[1:, :2] * 2),
        lambda x: x.sort(dim=1)[0] * x.topk(4, dim=0 if len(x) > 3 else 1)[0],
        lambda x: x.roll(1, 1).flip(0).repeat(2, 1).tril(),
    ],
    ids=["norm", "logsumexp", "elementwise", "scatter", "order", "moves"],
)
def test_gradients_by_finite_differences(f):
    assert gradient_error(f, np.abs(A) / 4) < 1e-7


class TestInPlace:
    """Methods that end in _."""

    def test_what_is_in_place_keeps_the_memory(self):
        x = tinytorch.zeros(2, 3)
        row = x[1]
        assert x.scatter_(1, Tensor([[0], [2]]), 1.0).masked_fill_(x == 0, -1.0) is x
        assert row.tolist() == [-1.0, -1.0, 1.0]

    @needs_torch
    @pytest.mark.parametrize(
        "change",
        [
            lambda x: x.add_(2, alpha=3),
            lambda x: x.add_(3, alpha=2).sub_(5, alpha=2),
            lambda x: x.sub_(x.clone(), alpha=0.5),
            lambda x: x.mul_(3).div_(2),
            lambda x: x.fill_(7),
            lambda x: x.zero_(),
            lambda x: x.clamp_(-1, 1),
            lambda x: x.copy_(x[0].clone()),
        ],
    )
    def test_views_change_too(self, change):
        ours, theirs = Tensor(A), torch.tensor(A)
        view, other = ours[1:], theirs[1:]
        assert change(ours) is ours
        change(theirs)
        np.testing.assert_allclose(ours.data, theirs.numpy(), rtol=1e-15)
        np.testing.assert_allclose(view.data, other.numpy(), rtol=1e-15)

    @pytest.mark.parametrize("name", ["zero_", "clamp_", "add_", "mul_", "fill_", "copy_", "normal_", "uniform_"])
    def test_what_requires_grad_is_refused_while_recording(self, name):
        x = Tensor(A, requires_grad=True)
        arguments = {"zero_": (), "clamp_": (0, 1), "normal_": (), "uniform_": ()}.get(name, (2.0,))
        with pytest.raises(RuntimeError, match=f"{name} on a tensor that requires grad .*inside no_grad"):
            getattr(x, name)(*arguments)
        with tinytorch.no_grad():
            assert getattr(x, name)(*arguments) is x
        assert x.requires_grad

    def test_a_gradient_is_not_lost(self):
        with pytest.raises(RuntimeError, match="add_ would lose the gradient"):
            Tensor([1.0]).add_(Tensor([1.0], requires_grad=True))

    def test_gradients_are_zeroed(self):
        w = tinytorch.tensor([1.0, 2.0], requires_grad=True)
        (w * 3).sum().backward()
        w.grad.zero_()
        (w * 3).sum().backward()
        assert w.grad.tolist() == [3, 3]

    def test_random_numbers_come_from_the_generator(self):
        x = tinytorch.empty(1000).uniform_(2, 3, generator=0)
        assert 2 <= x.min().item() < x.max().item() < 3
        assert x.tolist() == tinytorch.empty(1000).uniform_(2, 3, generator=0).tolist()
        y = tinytorch.empty(1000).normal_(5, 0.1, generator=tinytorch.Generator().manual_seed(1))
        assert abs(y.mean().item() - 5) < 0.02


class TestGradients:
    """autograd by PyTorch's names."""

    def test_grad_gives_gradients_and_leaves_grad_alone(self):
        x, w = (Tensor([v], requires_grad=True) for v in (3.0, 5.0))
        w.grad = Tensor([7.0])
        y = x * w
        by_x, by_y, by_w = tinytorch.autograd.grad((y * y).sum(), [x, y, w])
        assert (by_x.item(), by_y.item(), by_w.item()) == (150, 30, 90)
        assert x.grad is None
        assert w.grad.item() == 7
        assert x.hooks is None

    def test_grad_adds_outputs_up_with_their_seeds(self):
        x = Tensor([1.0, 2.0], requires_grad=True)
        y = x * x
        (by_x,) = tinytorch.autograd.grad([y, y * 2], x, [Tensor([1.0, 0.0]), Tensor([0.0, 1.0])])
        assert by_x.tolist() == [2, 8]

    def test_an_unused_input_is_an_error_unless_allowed(self):
        x, w = Tensor([3.0], requires_grad=True), Tensor([[5.0]], requires_grad=True)
        with pytest.raises(RuntimeError, match=r"no output depends on the inputs of shape \[\(1, 1\)\]"):
            tinytorch.autograd.grad((x * x).sum(), [x, w])
        assert tinytorch.autograd.grad((x * x).sum(), [x, w], allow_unused=True)[1] is None
        with pytest.raises(RuntimeError, match="wanted inputs that require grad"):
            tinytorch.autograd.grad((x * x).sum(), Tensor([1.0]))
        with pytest.raises(NotImplementedError, match="create_graph=False"):
            tinytorch.autograd.grad((x * x).sum(), x, create_graph=True)

    @needs_torch
    def test_grad_takes_what_parameters_gives(self):
        def slopes(t):
            w, b = t.tensor([2.0, 3.0], requires_grad=True), t.tensor(1.0, requires_grad=True)
            return [g.tolist() for g in t.autograd.grad((w * w * b).sum(), iter([w, b]))]

        assert slopes(tinytorch) == slopes(torch) == [[4.0, 6.0], 13.0]

    def test_grad_names_what_is_no_tensor(self):
        x = Tensor([1.0, 2.0], requires_grad=True)
        with pytest.raises(TypeError, match="grad wanted tensors as outputs, got int"):
            tinytorch.autograd.grad(3, x)
        with pytest.raises(TypeError, match="grad wanted tensors as inputs, got ndarray"):
            tinytorch.autograd.grad(x.sum(), [x.data])
        with pytest.raises(ValueError, match="a seed for each of 2 outputs, got 1"):
            tinytorch.autograd.grad([x.sum(), x.sum()], x, [None])
        assert x.hooks is None

    def test_grad_keeps_other_hooks(self):
        seen = []
        x = Tensor([3.0], requires_grad=True)
        x.register_hook(lambda g: seen.append(g.item()))
        assert tinytorch.autograd.grad((x * x).sum(), x)[0].item() == 6
        (x * x).sum().backward()
        assert seen == [6, 6]
        assert x.grad.item() == 6

    def test_modes_nest(self):
        assert tinytorch.is_grad_enabled()
        with tinytorch.no_grad():
            assert not tinytorch.is_grad_enabled()
            with tinytorch.enable_grad():
                assert tinytorch.is_grad_enabled()
            with tinytorch.set_grad_enabled(True):
                assert tinytorch.is_grad_enabled()
            assert not tinytorch.is_grad_enabled()
        tinytorch.set_grad_enabled(False)
        assert not tinytorch.is_grad_enabled()
        tinytorch.set_grad_enabled(True)
        assert tinytorch.is_grad_enabled()

    def test_modes_decorate(self):
        @tinytorch.set_grad_enabled(False)
        def off():
            return tinytorch.is_grad_enabled()

        @tinytorch.enable_grad()
        def on():
            return tinytorch.is_grad_enabled()

        assert tinytorch.is_grad_enabled()
        assert not off()
        with tinytorch.no_grad():
            assert on()
        assert tinytorch.is_grad_enabled()

    def test_enable_grad_decorates_as_no_grad_does(self):
        @tinytorch.enable_grad
        def on():
            return tinytorch.is_grad_enabled()

        @tinytorch.enable_grad
        def steps():
            yield tinytorch.is_grad_enabled()

        with pytest.raises(TypeError, match="no_grad wanted a function to decorate, or nothing, got 3"):
            tinytorch.no_grad(3)
        with tinytorch.inference_mode():
            assert on()
            assert [*steps()] == [True]
            assert not tinytorch.is_grad_enabled()

    def test_requires_grad(self):
        x = tinytorch.ones(2).requires_grad_()
        y = x * 2
        assert x.requires_grad
        assert x.is_leaf
        assert x.grad_fn is None
        assert not y.is_leaf
        assert y.grad_fn is tinytorch.multiply
        assert not x.detach().requires_grad_(False).requires_grad
        with pytest.raises(RuntimeError, match=r"try \.detach\(\)"):
            y.requires_grad_(False)
        with pytest.raises(TypeError, match=r"got int64; try \.float\(\)"):
            tinytorch.arange(3).requires_grad_()

    def test_a_result_may_keep_its_gradient(self):
        x = tinytorch.ones(2).requires_grad_()
        y = x * 2
        y.retain_grad()
        (y * y).sum().backward()
        assert y.grad.tolist() == [4, 4]
        assert x.grad.tolist() == [8, 8]


class TestRandom:
    """Generators and seeds."""

    def test_generator_is_another_name_of_seed(self):
        for f in (
            lambda **o: tinytorch.rand(3, **o),
            lambda **o: tinytorch.randn(3, **o),
            lambda **o: tinytorch.randperm(9, **o),
        ):
            assert f(generator=3).tolist() == f(seed=3).tolist() == f(generator=np.random.default_rng(3)).tolist()
        assert tinytorch.randn_like(tinytorch.zeros(2), generator=1).tolist() == tinytorch.randn(2, seed=1).tolist()
        with pytest.raises(TypeError, match="two names of one argument"):
            tinytorch.rand(3, seed=1, generator=2)

    def test_a_generator_moves_on_and_begins_anew(self):
        g = tinytorch.Generator().manual_seed(4)
        first = tinytorch.rand(3, generator=g).tolist()
        assert tinytorch.rand(3, generator=g).tolist() != first
        assert tinytorch.rand(3, generator=g.manual_seed(4)).tolist() == first == tinytorch.rand(3, seed=4).tolist()

    @pytest.mark.parametrize("replacement", [True, False])
    def test_multinomial_draws_by_the_weights(self, replacement):
        weights = np.array([[1.0, 0.0, 3.0], [2.0, 2.0, 0.0]])
        g = np.random.default_rng(0)
        drawn = np.array([tinytorch.multinomial(weights, 2, replacement, generator=g).data for _ in range(2000)])
        assert drawn.shape == (2000, 2, 2)
        shares = np.stack([(drawn[:, :, 0] == place).mean(0) for place in range(3)], 1)
        np.testing.assert_allclose(shares, weights / weights.sum(1, keepdims=True), atol=0.03)
        assert ((drawn[..., 0] == drawn[..., 1]).any()) == replacement
        again = [tinytorch.multinomial(weights[0], 2, replacement, seed=3).tolist() for _ in range(2)]
        assert again[0] == again[1]

    def test_randint_and_randperm(self):
        x = tinytorch.randint(2, 5, (100,), seed=0)
        assert sorted(set(x.tolist())) == [2, 3, 4]
        assert x.dtype == np.int64
        assert sorted(tinytorch.randperm(10).tolist()) == list(range(10))
        assert set(tinytorch.randint(2, (50,), generator=0).tolist()) == {0, 1}


def test_saved_tensors_come_back(tmp_path):
    state = {"w": Tensor(A, requires_grad=True), "steps": [1, (2.5, "text")], "array": A.astype(np.float32)}
    tinytorch.save(state, tmp_path / "state.pt")
    back = tinytorch.load(tmp_path / "state.pt", map_location="cpu")
    assert isinstance(back["w"], Tensor)
    assert back["w"].requires_grad
    assert back["w"].dtype == np.float64
    np.testing.assert_array_equal(back["w"].data, A)
    assert back["steps"] == [1, (2.5, "text")]
    np.testing.assert_array_equal(back["array"], A)


def test_size_is_a_number_that_answers_calls():
    x = tinytorch.zeros(2, 3)
    assert x.size == 6
    assert x.size() == (2, 3)
    assert x.size(1) == x.size(dim=-1) == 3
    assert pickle.loads(pickle.dumps(x.size)) == 6
    with pytest.raises(IndexError, match=r"size wanted an axis of \(2, 3\), got 2"):
        x.size(2)


def test_places_are_the_processor():
    assert tinytorch.device("cuda" if tinytorch.cuda.is_available() else "cpu") == "cpu"
    assert tinytorch.zeros(2).device.type == "cpu"
    assert tinytorch.zeros(2).cpu().to("cpu", tinytorch.float64).dtype == np.float64
    assert tinytorch.zeros(2, device="cpu").tolist() == tinytorch.tensor([0, 0], device=None).tolist()
    for f in (lambda: tinytorch.zeros(2).to("cuda"), lambda: tinytorch.rand(2, device="cuda")):
        with pytest.raises(RuntimeError, match="wanted \"cpu\", where all is computed, got 'cuda'"):
            f()


def test_names_that_python_has_stay_pythons_in_a_star_import():
    assert not {"bool", "int", "float"} & set(tinytorch.__all__)
    assert tinytorch.float is np.float32


X = Tensor(A)
INTEGERS = tinytorch.arange(3)
ERRORS = {
    "axis twice": (lambda: X.sum(axis=0, dim=0), TypeError, "sum wanted axis once, got it under two names"),
    "an axis of a float": (
        lambda: X.sum(1.0),
        TypeError,
        "sum wanted an axis as an int, a tuple of ints or None, got 1.0",
    ),
    "an axis of text": (lambda: X.mean("a"), TypeError, "mean wanted an axis as an int, .* got 'a'"),
    "an axis that is not there": (lambda: X.sum(dim=2), ValueError, "axis 2 is out of bounds"),
    "manual_seed": (lambda: tinytorch.manual_seed(3), NotImplementedError, r"rand\(3, seed=3\).*generator=g"),
    "a seed of text": (
        lambda: tinytorch.rand(2, seed="a"),
        TypeError,
        "seed wanted an int, a Generator or None, got 'a'",
    ),
    "a seed below 0": (lambda: tinytorch.rand(2, seed=-1), ValueError, "a number of 0 or more, got -1"),
    "zeros of a float": (
        lambda: tinytorch.zeros(2.0),
        TypeError,
        "zeros wanted a whole number, got 2.0",
    ),
    "zeros below 0": (lambda: tinytorch.zeros(2, -1), ValueError, r"zeros wanted lengths of 0 or more, got \(2, -1\)"),
    "eye below 0": (lambda: tinytorch.eye(-1), ValueError, r"eye wanted lengths of 0 or more, got \(-1, -1\)"),
    "full of text": (lambda: tinytorch.full((2,), "a"), TypeError, "a tensor needs numbers, got str"),
    "randint without a size": (lambda: tinytorch.randint(2, 5), TypeError, r"wanted \(low, high, size\)"),
    "randint of nothing": (lambda: tinytorch.randint(5, 5, (2,)), ValueError, "low below high, got 5 and 5"),
    "mm of stacks": (
        lambda: tinytorch.mm(X, X.data[0]),
        ValueError,
        r"mm wanted 2 and 2 axes, got \(3, 4\) and \(4,\)",
    ),
    "bmm of lengths": (
        lambda: tinytorch.bmm(np.ones((1, 2, 2)), np.ones((3, 2, 2))),
        ValueError,
        r"stacks of one length, got \(1, 2, 2\) and \(3, 2, 2\)",
    ),
    "dot of matrices": (lambda: X.dot(X), ValueError, "dot wanted 1 and 1 axes"),
    "outer of matrices": (lambda: X.outer(X), ValueError, r"outer wanted vectors \(n,\) and \(m,\)"),
    "t of a stack": (lambda: Tensor(STACK).t(), ValueError, "t wanted two axes at most"),
    "norm of ints": (lambda: tinytorch.norm(INTEGERS), TypeError, "norm wanted floats, got int64"),
    "a norm of text": (lambda: X.norm("nuc"), ValueError, "got 'nuc'"),
    "topk of too many": (lambda: X.topk(5, dim=1), ValueError, "wanted k from 0 to 4, the length of axis 1"),
    "chunk of none": (lambda: X.chunk(0), ValueError, "1 piece or more, got 0"),
    "repeat of few": (lambda: X.repeat(2), ValueError, r"each axis of \(3, 4\), got \(2,\); try tile"),
    "roll of few": (lambda: X.roll((1, 2), 0), ValueError, "a shift for each axis"),
    "tril of a row": (lambda: tinytorch.tril(ROW), ValueError, r"wanted matrices \(..., n, m\), got \(4,\)"),
    "diag of a stack": (lambda: tinytorch.diag(STACK), ValueError, r"a vector \(n,\) or a matrix"),
    "masked_fill of many": (lambda: X.masked_fill(X > 0, ROW), ValueError, "wanted one number"),
    "masked_fill of a fraction": (
        lambda: INTEGERS.masked_fill(INTEGERS > 0, 0.5),
        ValueError,
        "one number that int64 can hold",
    ),
    "masked_select of ints": (lambda: X.masked_select(INTEGERS), TypeError, "a mask of bools, got int64"),
    "index_select of floats": (lambda: X.index_select(0, X[0]), TypeError, "a vector of integers, got float64"),
    "scatter of a short src": (
        lambda: X.scatter(0, Tensor([[0, 1]]), Tensor([[1.0]])),
        ValueError,
        r"index \(1, 2\), got \(1, 1\)",
    ),
    "cat of a tensor": (lambda: tinytorch.cat(X), ValueError, r"a list of tensors, got one of shape \(3, 4\); try cat"),
    "split of a float": (lambda: X.split(2.0), TypeError, "a length, or a list of lengths, of whole numbers; got 2.0"),
    "pad of a number": (lambda: tinytorch.pad(X, 1), TypeError, r"a tuple of widths such as \(left, right\), got 1"),
    "pad of a fraction": (
        lambda: tinytorch.pad(INTEGERS, (1, 1), 0.5),
        TypeError,
        "a value that int64 can hold, got 0.5",
    ),
    "scatter of nothing": (lambda: X.scatter(0, INTEGERS), TypeError, "scatter wanted src or value, got src=None"),
    "scatter far away": (
        lambda: X.scatter(0, Tensor([[3, 0, 0, 0]]), 1.0),
        IndexError,
        "scatter wanted indices from 0 to 2, got some from 0 to 3",
    ),
    "repeat_interleave of a fraction": (
        lambda: X.repeat_interleave(1.5),
        ValueError,
        "a whole number of 0 or more, or 12 of them, got 1.5",
    ),
    "meshgrid of matlab": (lambda: tinytorch.meshgrid(X[0], indexing="yx"), ValueError, "got 'yx'"),
    "bincount below 0": (lambda: tinytorch.bincount(Tensor([-1])), ValueError, "a vector of integers of 0 or more"),
    "multinomial of too many": (
        lambda: tinytorch.multinomial([1.0, 0.0, 1.0], 3),
        ValueError,
        "to draw 3 of 2 places whose weight isn't 0",
    ),
    "multinomial of odd weights": (lambda: tinytorch.multinomial([1.0, -1.0], 1), ValueError, "weights of 0 or more"),
    "max of an axis twice": (lambda: X.max((0, -2)), ValueError, "duplicate value in 'axis'"),
    "gradients of gradients": (
        lambda: Tensor(1.0, requires_grad=True).backward(create_graph=True),
        NotImplementedError,
        "gradients of gradients are not recorded",
    ),
    "einsum of a number": (lambda: tinytorch.einsum(3, X), TypeError, "subscripts as text"),
    "lists of two lengths": (lambda: X[[0, [1]]], IndexError, "lists of one length"),
    "a view that is stretched": (
        lambda: X[0].expand(2, 4).fill_(1),
        ValueError,
        r"read-only view of shape \(2, 4\): one number of it stands for several, as after expand; try \.copy\(\)",
    ),
    "& of ints": (lambda: INTEGERS & INTEGERS, TypeError, "& wanted bools, got int64"),
    "^ of ints": (lambda: INTEGERS ^ INTEGERS, TypeError, r"\^ wanted bools, got int64"),
    "~ of ints": (lambda: ~INTEGERS, TypeError, r"~ wanted bools, got int64; try ~\(x > 0\), or x == 0"),
    "round of bools": (lambda: tinytorch.round(X > 0), TypeError, "round wanted numbers, got bools"),
    "a format of many": (lambda: f"{X:.2f}", ValueError, r"the format '.2f' wanted one element, got shape \(3, 4\)"),
    "two axes of argmax": (lambda: X.argmax((0, 1)), TypeError, "one axis or None"),
    "long doubles": (lambda: Tensor(np.zeros(2, np.longdouble)), TypeError, "a tensor needs numbers, got ndarray"),
    "a model is saved": (lambda: tinytorch.save(tinytorch.nn.Linear(2, 2), "m.pt"), TypeError, r"try \.state_dict\(\)"),
    "an open file": (lambda: tinytorch.save({}, object()), TypeError, "save wanted a path, got object"),
    "another place to load": (lambda: tinytorch.load("m.pt", "cuda"), ValueError, "got 'cuda'"),
    "gradcheck of an array": (
        lambda: gradcheck(tinytorch.exp, A),
        TypeError,
        "wanted tensors, got ndarray",
    ),
    "a graph of an array": (lambda: graph_text(A), TypeError, "a graph wanted the tensor"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors_say_what_was_wanted(name):
    f, kind, message = ERRORS[name]
    with pytest.raises(kind, match=message):
        f()


def test_gradcheck_takes_a_tuple_and_one_result():
    x = Tensor([1.0, 2.0], dtype=np.float64, requires_grad=True)
    assert gradcheck(lambda x: x * x, (x,))
    with pytest.raises(TypeError, match="a function that returns one tensor, got tuple"):
        gradcheck(lambda x: (x, x), x)
    with tinytorch.no_grad(), pytest.raises(RuntimeError, match="call it outside"):
        gradcheck(lambda x: x * x, x)


def test_a_graph_that_was_used_up_says_so():
    y = (Tensor([1.0], requires_grad=True) * 2).sum()
    y.backward()
    assert "used up by a backward()" in graph_text(y)
