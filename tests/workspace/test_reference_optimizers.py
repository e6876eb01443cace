"""Module 06 as the reference has it: every optimizer, by hand and against PyTorch, and clipping."""

import copy
import itertools
import math
import warnings

import numpy as np
import pytest

from tinytorch import (
    SGD,
    Adam,
    AdamW,
    Optimizer,
    RMSprop,
    Tensor,
    clip_grad_norm_,
    clip_grad_value_,
    nn,
    optim,
    optimizer_base,
)

STEPS = 200
SHAPES = ((5, 4), (4,), ())


def parameter(*values, dtype=np.float64):
    return Tensor(np.array(values, dtype=dtype), requires_grad=True)


def step(optimizer, p, *gradients):
    """Return the parameter after a step for each gradient."""
    for g in gradients:
        p.grad = Tensor(np.asarray(g, dtype=np.float64))
        optimizer.step()
    return p.data


def starts(seed=0):
    generator = np.random.default_rng(seed)
    return [generator.standard_normal(shape) for shape in SHAPES]


def grid(**choices):
    for values in itertools.product(*choices.values()):
        yield dict(zip(choices, values, strict=True))


CASES = [
    *((SGD, o) for o in grid(lr=[0.05], momentum=[0, 0.9], dampening=[0, 0.3], weight_decay=[0, 0.1])),
    *((SGD, o) for o in grid(lr=[0.05], momentum=[0.9], weight_decay=[0, 0.1], nesterov=[True])),
    *(
        (kind, o)
        for kind in (Adam, AdamW)
        for o in grid(lr=[0.01], betas=[(0.9, 0.999), (0.5, 0.9), (0.0, 0.0)], eps=[1e-8, 1e-2], weight_decay=[0, 0.1])
    ),
    *(
        (RMSprop, o)
        for o in grid(lr=[0.01], alpha=[0.99, 0.5], weight_decay=[0, 0.1], momentum=[0, 0.9], centered=[False, True])
    ),
    *((kind, o) for kind in (Adam, AdamW) for o in grid(lr=[0.01], amsgrad=[True], weight_decay=[0, 0.1])),
    *((SGD, o) for o in grid(lr=[0.01], maximize=[True], weight_decay=[0, 0.1], momentum=[0, 0.9])),
    *((kind, o) for kind in (Adam, AdamW, RMSprop) for o in grid(lr=[0.01], maximize=[True], weight_decay=[0, 0.1])),
    (SGD, dict(lr=0.01, foreach=True, fused=None)),
]
NAMES = [f"{kind.__name__}-{'-'.join(f'{k}={v}' for k, v in options.items())}" for kind, options in CASES]
KINDS = [SGD, lambda p, **o: SGD(p, momentum=0.9, **o), Adam, AdamW, RMSprop]
KIND_NAMES = ["SGD", "momentum", "Adam", "AdamW", "RMSprop"]


@pytest.fixture(scope="module")
def torch():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch's own, at import
        return pytest.importorskip("torch", reason="PyTorch is not installed; it is never needed: pip install torch")


class TestAgainstPyTorch:
    """The same gradients for both, random with a pull that depends on the parameter, for STEPS steps in float64."""

    @pytest.mark.parametrize(("kind", "options"), CASES, ids=NAMES)
    def test_trajectory(self, torch, kind, options):
        ours = [Tensor(a, requires_grad=True) for a in starts()]
        theirs = [torch.tensor(a, requires_grad=True) for a in starts()]
        self.follow(torch, ours, theirs, kind(ours, **options), getattr(torch.optim, kind.__name__)(theirs, **options))

    @pytest.mark.parametrize("kind", [SGD, AdamW, RMSprop])
    def test_trajectory_of_groups_with_their_own_options(self, torch, kind):
        ours = [Tensor(a, requires_grad=True) for a in starts()]
        theirs = [torch.tensor(a, requires_grad=True) for a in starts()]
        pair = []
        for module, (w, *others) in ((optim, ours), (torch.optim, theirs)):
            groups = [{"params": [w], "weight_decay": 0.2}, {"params": others[:1], "lr": 0.03}]
            pair.append(getattr(module, kind.__name__)(groups, lr=0.01))
            pair[-1].add_param_group({"params": others[1:], "lr": 0.02})
        self.follow(torch, ours, theirs, *pair)

    @pytest.mark.parametrize("options", [{}, {"norm_type": 1.0}, {"norm_type": math.inf}, {"norm_type": 3.0}], ids=str)
    def test_clipping_by_norm(self, torch, options):
        ours = [Tensor(a, requires_grad=True) for a in starts()]
        theirs = [torch.tensor(a, requires_grad=True) for a in starts()]

        def clip():
            norm = clip_grad_norm_(ours, 2.0, **options)
            expected = torch.nn.utils.clip_grad_norm_(theirs, 2.0, **options)
            assert norm.item() == pytest.approx(expected.item(), rel=1e-13)
            assert (norm.shape, f"{norm:.4f}") == (tuple(expected.shape), f"{expected:.4f}")

        pair = SGD(ours, lr=0.1, momentum=0.9), torch.optim.SGD(theirs, lr=0.1, momentum=0.9)
        self.follow(torch, ours, theirs, *pair, clip)

    @staticmethod
    def follow(torch, ours, theirs, optimizer, other, between=lambda: None):
        generator = np.random.default_rng(1)
        for number in range(STEPS):
            for p, q in zip(ours, theirs, strict=True):
                g = generator.standard_normal(p.shape) + 0.3 * p.data
                p.grad, q.grad = Tensor(g), torch.tensor(g)
            between()
            optimizer.step()
            other.step()
            for p, q in zip(ours, theirs, strict=True):
                worst = np.abs(p.data - q.detach().numpy()).max()
                assert worst < 1e-10, f"step {number}: {worst}"


def test_a_group_may_be_empty():
    p = parameter(1.0)
    optimizer = SGD([{"params": [p]}, {"params": iter([]), "lr": 0.5}], lr=0.1)
    optimizer.add_param_group({"params": []})
    np.testing.assert_allclose(step(optimizer, p, [1.0]), [0.9])
    other = SGD([{"params": [parameter(2.0)]}, {"params": []}, {"params": []}])
    other.load_state_dict(optimizer.state_dict())
    assert [group["lr"] for group in other.param_groups] == [0.1, 0.5, 0.1]


class TestByHand:
    def test_weight_decay_is_added_to_the_gradient(self):
        p = parameter(2.0)
        np.testing.assert_allclose(step(SGD([p], lr=0.1, weight_decay=0.5), p, [1.0]), [2 - 0.1 * (1 + 0.5 * 2)])

    def test_dampening_begins_with_the_second_step(self):
        p = parameter(0.0)
        optimizer = SGD([p], lr=1.0, momentum=0.5, dampening=0.25)
        np.testing.assert_allclose(step(optimizer, p, [4.0]), [-4.0])
        np.testing.assert_allclose(step(optimizer, p, [4.0]), [-4.0 - (0.5 * 4 + 0.75 * 4)])

    def test_nesterov_looks_ahead(self):
        p = parameter(0.0)
        optimizer = SGD([p], lr=1.0, momentum=0.5, nesterov=True)
        np.testing.assert_allclose(step(optimizer, p, [4.0]), [-(4 + 0.5 * 4)])
        np.testing.assert_allclose(step(optimizer, p, [0.0]), [-6 - 0.5 * 2])

    def test_adamw_shrinks_past_the_means(self):
        p, q = parameter(2.0), parameter(2.0)
        plain = step(Adam([p], lr=0.1), p, [3.0])
        np.testing.assert_allclose(step(AdamW([q], lr=0.1, weight_decay=0.5), q, [3.0]), plain - 0.1 * 0.5 * 2)

    def test_rmsprop(self):
        p, expected, s, v = parameter(1.0), 1.0, 0.0, 0.0
        for g in (3.0, -1.0, 0.5):
            s = 0.9 * s + 0.1 * g * g
            v = 0.5 * v + g / (math.sqrt(s) + 1e-3)
            expected -= 0.1 * v
        optimizer = RMSprop([p], lr=0.1, alpha=0.9, eps=1e-3, momentum=0.5)
        np.testing.assert_allclose(step(optimizer, p, [3.0], [-1.0], [0.5]), [expected], rtol=1e-13)

    def test_centered_divides_by_the_standard_deviation(self):
        p = parameter(0.0)
        optimizer = RMSprop([p], lr=1.0, alpha=0.5, eps=0.0, centered=True)
        np.testing.assert_allclose(step(optimizer, p, [2.0]), [-2 / math.sqrt(0.5 * 4 - (0.5 * 2) ** 2)])

    def test_a_constant_gradient_has_no_variance_and_makes_no_nan(self):
        p = parameter(0.0)
        assert np.isfinite(step(RMSprop([p], alpha=0.5, eps=1e-3, centered=True), p, *[[0.1]] * 200)).all()

    def test_betas_that_change_on_the_way_keep_the_papers_means(self):
        p, expected, m, v = parameter(1.0), 1.0, 0.0, 0.0
        optimizer = Adam([p], lr=0.1)
        for t, (g, b1, b2) in enumerate([(2.0, 0.9, 0.99), (-1.0, 0.5, 0.9), (3.0, 0.8, 0.95)], start=1):
            m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g * g
            expected -= 0.1 * (m / (1 - b1**t)) / (math.sqrt(v / (1 - b2**t)) + 1e-8)
            optimizer.param_groups[0]["betas"] = (b1, b2)
            step(optimizer, p, [g])
        np.testing.assert_allclose(p.data, [expected], rtol=1e-13)


class TestOptions:
    @pytest.mark.parametrize(
        ("make", "options", "message"),
        [
            (SGD, {"dampening": -1.0}, "dampening must be a number from 0 on, got -1.0"),
            (SGD, {"nesterov": True}, "nesterov wanted a momentum above 0 and no dampening, got momentum=0"),
            (SGD, {"nesterov": True, "momentum": 0.9, "dampening": 0.1}, "and dampening=0.1"),
            (SGD, {"lr": "0.1"}, "lr must be a number from 0 on, got '0.1'"),
            (Adam, {"betas": 0.9}, r"Adam wanted two betas, such as \(0.9, 0.999\), got 0.9"),
            (Adam, {"betas": (0.9,)}, "wanted two betas"),
            (AdamW, {"betas": (0.9, 1.0)}, r"betas\[1\] wanted a number in \[0, 1\), got 1.0; usual is 0.999"),
            (Adam, {"betas": ("a", 1)}, r"betas\[0\] must be a number from 0 on, got 'a'"),
            (Adam, {"lr": math.nan}, "lr must be a number from 0 on, got nan"),
            (Adam, {"lr": np.array([0.1, 0.2])}, "lr must be a number"),
            (Adam, {"differentiable": True}, "Adam has no option 'differentiable'; it has lr, betas"),
            (SGD, {"momentun": 0.9}, "SGD has no option 'momentun'; it has lr, momentum"),
            (RMSprop, {"alpha": 1.0}, r"alpha wanted a number in \[0, 1\), got 1.0; usual is 0.99"),
            (RMSprop, {"eps": -1.0}, "eps must be a number from 0 on"),
            (RMSprop, {"momentum": -1.0}, "momentum must be"),
        ],
        ids=str,
    )
    def test_out_of_range(self, make, options, message):
        with pytest.raises((ValueError, TypeError), match=message):
            make([parameter(1.0)], **options)

    @pytest.mark.parametrize("make", KINDS, ids=KIND_NAMES)
    def test_a_negative_weight_decay_is_refused(self, make):
        with pytest.raises(ValueError, match="weight_decay must be a number from 0 on"):
            make([parameter(1.0)], weight_decay=-0.1)

    def test_an_option_that_goes_wrong_later_changes_nothing(self):
        p, q = parameter(1.0), parameter(1.0)
        optimizer = SGD([{"params": [p]}, {"params": [q]}])
        optimizer.param_groups[1]["lr"] = math.nan
        p.grad = q.grad = Tensor([1.0])
        with pytest.raises(ValueError, match="lr must be a number from 0 on, got nan"):
            optimizer.step()
        assert p.tolist() == [1.0]
        with pytest.raises(ValueError, match="got -1"):
            optimizer.lr = -1

    def test_lr_is_the_first_groups_and_sets_all(self):
        optimizer = SGD([{"params": [parameter(1.0)], "lr": 0.5}, {"params": [parameter(1.0)]}], lr=0.1)
        assert optimizer.lr == 0.5
        optimizer.lr = 0.2
        assert [group["lr"] for group in optimizer.param_groups] == [0.2, 0.2]

    def test_a_base_optimizer_says_what_is_missing(self):
        p = parameter(1.0)
        with pytest.raises(NotImplementedError, match=r"Optimizer has no update\(\)"):
            step(Optimizer([p], {"lr": 0.1}), p, [1.0])


class TestGroups:
    def test_wrong_groups_are_refused(self):
        p, q = parameter(1.0), parameter(1.0)
        for groups, message in [
            ([{"params": [p], "weight_decy": 0.1}], "SGD has no option 'weight_decy'; it has lr, momentum"),
            ([{"params": [p]}, {"params": [p]}], "each parameter once, got one twice"),
            ([{"params": []}, {"params": []}], "an optimizer wanted parameters, got none"),
            ([{"lr": 0.1}], "a group wanted a dict with 'params'"),
            ([{"params": [p]}, q], "a group wanted a dict with 'params'"),
            ([{"params": [p]}, {"params": [Tensor([1.0])]}], "parameter 1 can't be learned"),
        ]:
            with pytest.raises((ValueError, TypeError), match=message):
                SGD(groups)
        with pytest.raises(TypeError, match="a list of tensors or of groups, got set"):
            SGD({p, q})

    def test_frozen_parameters_stay(self):
        model = nn.Linear(2, 1, seed=0)
        model.weight.requires_grad = False
        before, optimizer = model.state_dict(), SGD(model.parameters(), lr=1.0)
        model(Tensor([[1.0, 1.0]])).sum().backward()
        optimizer.step()
        assert np.array_equal(model.weight.data, before["weight"])
        assert model.bias.data == before["bias"] - 1

    def test_a_refused_group_leaves_the_optimizer_as_it_was(self):
        p = parameter(1.0)
        optimizer = SGD([p])
        with pytest.raises(ValueError, match="momentum must be"):
            optimizer.add_param_group({"params": [parameter(2.0)], "momentum": -1.0})
        with pytest.raises(ValueError, match="each parameter once"):
            optimizer.add_param_group({"params": [parameter(2.0), p]})
        assert optimizer.parameters == [p]
        assert len(optimizer.param_groups) == 1

    def test_one_tensor_may_be_a_group(self):
        p = parameter(1.0)
        assert SGD([{"params": p, "name": "bias"}]).parameters == [p]

    def test_zero_grad_to_zeros(self):
        p, q = parameter(1.0), parameter(1.0)
        p.grad = Tensor([5.0])
        SGD([p, q]).zero_grad(set_to_none=False)
        assert (p.grad.tolist(), q.grad) == ([0.0], None)


@pytest.mark.parametrize("make", KINDS, ids=KIND_NAMES)
class TestData:
    def test_another_dtype_may_be_assigned_on_the_way(self, make):
        wide, narrow = (parameter(*start) for start in [(1.0, 2.0)] * 2)
        one, two = make([wide], lr=0.01), make([narrow], lr=0.01)
        narrow.data = narrow.data.astype(np.float32)
        step(two, narrow, [1.0, 2.0])
        assert narrow.dtype == np.float32
        narrow.data = narrow.data.astype(np.float64)
        step(one, wide, [1.0, 2.0], [0.5, -1.0])
        np.testing.assert_allclose(step(two, narrow, [0.5, -1.0]), wide.data, rtol=1e-6)
        assert narrow.dtype == np.float64

    def test_float16_is_computed_in_float32(self, make):
        p, q = parameter(1.0, 2.0, dtype=np.float16), parameter(1.0, 2.0, dtype=np.float32)
        gradients = [[500.0, -1e-4], [300.0, 1e-4]]
        near = step(make([q], lr=1e-3), q, *gradients)
        np.testing.assert_allclose(step(make([p], lr=1e-3), p, *gradients), near, rtol=2e-3)
        assert p.dtype == np.float16

    def test_a_scalar_from_arithmetic_may_be_assigned(self, make):
        p = Tensor(np.float64(1.0), requires_grad=True)
        optimizer = make([p], lr=0.1)
        p.data = p.data * 2  # NumPy makes a scalar of a 0-d array here
        assert step(optimizer, p, 1.0) < 2.0

    @pytest.mark.parametrize("order", ["F", "strided", "one long row"])
    def test_large_arrays_in_any_order(self, make, order, monkeypatch):
        monkeypatch.setattr(optimizer_base, "CACHE", 200)
        start = np.arange(60.0).reshape(1, 60) if order == "one long row" else np.arange(60.0).reshape(3, 4, 5)
        p, q = (Tensor(start, requires_grad=True) for _ in range(2))
        q.data = np.asfortranarray(start) if order == "F" else np.repeat(start, 2, axis=-1)[..., ::2]
        gradients = [start - 2.5, start**2]
        whole = step(make([p], lr=0.1), p, *gradients)
        np.testing.assert_array_equal(whole, step(make([q], lr=0.1), q, *gradients))

    def test_what_cannot_be_changed_is_refused_before_any_change(self, make):
        p, q = parameter(1.0), parameter(1.0, 2.0)
        optimizer = make([p, q])
        before = copy.deepcopy(optimizer.state_dict())

        def refused(data, gradient, message):
            p.grad, q.data, q.grad = Tensor([1.0]), data, gradient
            with pytest.raises((ValueError, TypeError), match=message):
                optimizer.step()
            assert p.tolist() == [1.0]
            assert optimizer.state_dict() == before

        ones = np.ones(2)
        refused(np.ones(2), Tensor([1.0]), r"parameter 1 had the shape \(2,\) .* with a gradient of \(1,\)")
        refused(np.broadcast_to(1.0, (2,)), Tensor(ones), r"parameter 1 .* got a read-only array; try \.copy\(\)")
        refused(np.ones(2, int), Tensor(ones), r"parameter 1 wanted an array of a float dtype as \.data, got int64")
        refused([1.0, 2.0], Tensor(ones), r"parameter 1 wanted an array .* got list")
        refused(np.ones(2), ones, r"parameter 1 wanted a Tensor as \.grad, got ndarray")


@pytest.mark.parametrize(("kind", "options"), CASES[::3], ids=NAMES[::3])
def test_a_loaded_state_goes_on_bit_for_bit(kind, options):
    def gradients(number):
        generator = np.random.default_rng(number)
        return [Tensor(generator.standard_normal(shape)) for shape in SHAPES]

    def run(optimizer, first, last):
        for number in range(first, last):
            for p, g in zip(optimizer.parameters, gradients(number), strict=True):
                p.grad = g
            optimizer.step()

    whole = kind([Tensor(a, requires_grad=True) for a in starts()], **options)
    run(whole, 0, 5)
    saved, values = whole.state_dict(), [p.data.copy() for p in whole.parameters]
    run(whole, 5, 10)
    again = kind([Tensor(a, requires_grad=True) for a in values], lr=7.0)
    again.load_state_dict(saved)
    run(again, 5, 10)
    for p, q in zip(whole.parameters, again.parameters, strict=True):
        assert p.data.tobytes() == q.data.tobytes()
    third = kind([Tensor(a, requires_grad=True) for a in values], lr=7.0)
    third.load_state_dict(saved)  # what the second one did changed nothing in it
    run(third, 5, 10)
    assert third.parameters[0].data.tobytes() == whole.parameters[0].data.tobytes()


class TestWrongStates:
    def adam(self):
        p = parameter(1.0, 2.0)
        optimizer = Adam([p])
        step(optimizer, p, [1.0, 1.0])
        return optimizer

    def refused(self, optimizer, state, message):
        before = repr(optimizer.state_dict())
        with pytest.raises(ValueError, match=message):
            optimizer.load_state_dict(state)
        assert repr(optimizer.state_dict()) == before

    def test_another_optimizers(self):
        for other in (SGD, RMSprop):
            self.refused(self.adam(), other([parameter(1.0, 2.0)]).state_dict(), "another kind of optimizer")

    def test_other_parameters(self):
        two = Adam([parameter(1.0), parameter(1.0)]).state_dict()
        self.refused(self.adam(), two, r"groups of \[2\] parameters, this optimizer's have \[1\]")
        p = parameter(1.0)
        other = Adam([p])
        self.refused(other, self.adam().state_dict(), r"parameter 0 wanted floats of shape \(1,\), got float64 \(2,\)")

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (lambda s: s.pop("state"), "wanted {'state'"),
            (lambda s: s["param_groups"][0].pop("params"), "wanted {'state'"),
            (lambda s: s["state"].update({7: s["state"][0]}), "of a parameter 7, this optimizer has 1"),
            (lambda s: s["state"][0].pop("exp_avg_sq"), r"has \['exp_avg', 'step'\], wanted \['exp_avg'"),
            (lambda s: s["state"][0].update(extra=1), "'extra', 'step'], wanted"),
            (lambda s: s["state"][0].update(step=0), "'step' of parameter 0 wanted an integer from 1 on, got 0"),
            (lambda s: s["state"][0].update(exp_avg_sq="x"), "'exp_avg_sq' of parameter 0 wanted floats of shape"),
            (lambda s: s["state"][0].update(exp_avg_sq=Tensor([1.0, 1.0])), r"of shape \(2,\), got a Tensor, no"),
            (lambda s: s["param_groups"][0].update(lr=-1.0), "lr must be a number from 0 on"),
            (lambda s: s["param_groups"][0].update(betas=(2, 3)), "number in .0, 1."),
        ],
        ids=range(10),
    )
    def test_damaged(self, change, message):
        state = self.adam().state_dict()
        change(state)
        self.refused(self.adam(), state, message)

    def test_what_is_no_state(self):
        self.refused(self.adam(), {}, "an optimizer's state wanted")
        self.refused(self.adam(), {"state": 1, "param_groups": 2}, "an optimizer's state wanted")


class TestClipping:
    def gradients(self, *values, dtype=np.float32):
        p = parameter(*np.zeros(len(values)), dtype=dtype)
        p.grad = Tensor(np.array(values, dtype))
        return p

    def test_returns_the_norm_before_and_scales_all_by_one_factor(self):
        p, q, none = self.gradients(3.0), self.gradients(0.0, 4.0), parameter(1.0)
        assert clip_grad_norm_([p, q, none], 2.5) == 5.0
        np.testing.assert_allclose([*p.grad.tolist(), *q.grad.tolist()], [1.5, 0.0, 2.0], rtol=1e-6)

    def test_small_gradients_stay(self):
        p = self.gradients(3.0, 4.0)
        assert clip_grad_norm_(iter([p]), 5.1) == 5.0
        assert clip_grad_norm_(p, math.inf) == 5.0
        assert p.grad.tolist() == [3.0, 4.0]

    def test_none_and_empty(self):
        assert clip_grad_norm_([], 1.0) == 0.0
        empty = Tensor(np.zeros((0, 3), np.float32), requires_grad=True)
        empty.grad = Tensor(empty.data)
        assert clip_grad_norm_([empty, self.gradients(0.0)], 1.0) == 0.0

    def test_a_parameter_given_twice_counts_once(self):
        p = self.gradients(3.0, 4.0)
        assert clip_grad_norm_([p, p], 2.5) == 5.0
        np.testing.assert_allclose(p.grad.data, [1.5, 2.0], rtol=1e-6)

    @pytest.mark.parametrize("scale", [1e30, 1e-30], ids=str)
    def test_squares_beyond_the_dtype(self, scale):
        norm = clip_grad_norm_(self.gradients(3 * scale, 4 * scale), math.inf)
        assert norm.item() == pytest.approx(5 * scale, rel=1e-6)

    @pytest.mark.parametrize("bad", [math.nan, math.inf])
    def test_gradients_that_are_not_finite(self, bad):
        p, q = self.gradients(bad, 1.0), self.gradients(2.0)
        for kind in (FloatingPointError, RuntimeError):  # NumPy's word for it, and PyTorch's
            with pytest.raises(kind, match=f"the gradients' norm is {bad}"):
                clip_grad_norm_([p, q], 1.0, error_if_nonfinite=True)
        assert q.grad.tolist() == [2.0]
        assert repr(clip_grad_norm_([p, q], 1.0).item()) == repr(bad)

    def test_by_value(self):
        p = self.gradients(-3.0, 0.5, 4.0)
        clip_grad_value_([p, parameter(1.0)], 1.0)
        assert p.grad.tolist() == [-1.0, 0.5, 1.0]

    def test_pytorchs_place(self):
        assert nn.utils.clip_grad_norm_ is clip_grad_norm_

    def test_wrong_bounds(self):
        p = self.gradients(1.0)
        for bad in (-1.0, math.nan):
            with pytest.raises(ValueError, match="max_norm from 0 on"):
                clip_grad_norm_([p], bad)
            with pytest.raises(ValueError, match="clip_value from 0 on"):
                clip_grad_value_([p], bad)
        with pytest.raises(ValueError, match="norm_type above 0"):
            clip_grad_norm_([p], 1.0, norm_type=0.0)
        with pytest.raises(TypeError, match="wanted tensors, got ndarray at place 1"):
            clip_grad_norm_([p, np.ones(2)], 1.0)
