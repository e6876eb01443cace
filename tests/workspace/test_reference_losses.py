"""Module 04 of the reference: every loss against PyTorch, against finite differences, and what it refuses."""

import numpy as np
import pytest
from finite_differences import gradient_error
from hypothesis import assume, given
from hypothesis import strategies as st
from pytorch_oracle import arrays, compare, dtypes, needs_torch, same, shapes, steady, torch

import tinytorch
from tinytorch import Tensor, nn

reduction = pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
class_shapes = st.sampled_from([(3,), (4, 3), (1, 1), (2, 5), (2, 3, 4), (2, 3, 2, 2), (6, 2)])
not_the_divergence = pytest.mark.filterwarnings("ignore:reduction. 'mean' divides the total loss")  # PyTorch's

# id: the function (PyTorch's has the same name), options, whether inputs are probabilities, whether targets are
ELEMENTWISE = {
    "mse_loss": (tinytorch.mse_loss, {}, False, False),
    "l1_loss": (tinytorch.l1_loss, {}, False, False),
    "huber_loss": (tinytorch.huber_loss, {}, False, False),
    "huber_loss, delta 0.3": (tinytorch.huber_loss, {"delta": 0.3}, False, False),
    "smooth_l1_loss": (tinytorch.smooth_l1_loss, {}, False, False),
    "smooth_l1_loss, beta 2": (tinytorch.smooth_l1_loss, {"beta": 2.0}, False, False),
    "smooth_l1_loss, beta 0": (tinytorch.smooth_l1_loss, {"beta": 0.0}, False, False),
    "binary_cross_entropy": (tinytorch.binary_cross_entropy, {}, True, True),
    "binary_cross_entropy_with_logits": (tinytorch.binary_cross_entropy_with_logits, {}, False, True),
    "kl_div": (tinytorch.kl_div, {}, False, True),
    "kl_div, log_target": (tinytorch.kl_div, {"log_target": True}, False, False),
}
elementwise = pytest.mark.parametrize("case", ELEMENTWISE)


def theirs(function):
    return getattr(torch.nn.functional, function.__name__)


def pairs(data, shape, input_is_probability, target_is_probability, dtype=dtypes):
    """Return an input and a target with ties, at kinks too; probabilities are strictly between 0 and 1."""
    dtype = data.draw(dtype)
    found = []
    for is_probability in (input_is_probability, target_is_probability):
        x = data.draw(arrays(shape, dtype, special=(0.0, 1.0, 2.0, 0.3)))
        found.append((1 / (1 + np.exp(-x / 2))).astype(dtype) if is_probability else x)
    return found


@not_the_divergence
@needs_torch
@elementwise
@reduction
@steady
@given(data=st.data())
def test_elementwise_losses_and_both_gradients_are_pytorchs(case, reduction, data):
    ours, options, *probabilities = ELEMENTWISE[case]
    allowed = shapes if reduction != "mean" else shapes.filter(lambda shape: 0 not in shape)
    input, target = pairs(data, data.draw(allowed), *probabilities)
    if case == "kl_div, log_target":
        target = -np.abs(target)
    options = {**options, "reduction": reduction}
    compare(case, lambda x, t: ours(x, t, **options), lambda x, t: theirs(ours)(x, t, **options), input, target)


@elementwise
@reduction
def test_elementwise_gradients_by_finite_differences(case, reduction):
    ours, options, *probabilities = ELEMENTWISE[case]
    generator = np.random.default_rng(3)
    input, target = (generator.uniform(0.1, 0.9, (3, 4)) if p else generator.normal(size=(3, 4)) for p in probabilities)
    assert gradient_error(lambda x, t: ours(x, t, reduction=reduction, **options), input, target) < 1e-8


@needs_torch
@pytest.mark.parametrize("reduction", ["mean", "none"])
def test_huge_and_infinite_differences_are_pytorchs(reduction):
    input, target = np.array([1e4, -1e4, 0.0, 3.0]), np.array([-1e4, 1e4, 1e4, 3.0])
    for name in ("mse_loss", "l1_loss", "huber_loss", "smooth_l1_loss"):
        ours = getattr(tinytorch, name)
        for dtype in (np.float32, np.float64):
            compare(
                f"{name} at 1e4",
                lambda x, t, f=ours: f(x, t, reduction),
                lambda x, t, f=ours: theirs(f)(x, t, reduction=reduction),
                input.astype(dtype),
                target.astype(dtype),
            )
        infinite = ours(Tensor([np.inf, 1.0]), Tensor([0.0, -np.inf]), "none")
        assert infinite.tolist() == [np.inf, np.inf]


@needs_torch
@reduction
@pytest.mark.parametrize("weight", [None, (3,), (2, 1), (2, 3)], ids=str)
def test_binary_weights_are_pytorchs(reduction, weight):
    generator = np.random.default_rng(4)
    x, t = generator.normal(size=(2, 3)), generator.uniform(size=(2, 3))
    w = None if weight is None else generator.uniform(size=weight)
    other = None if w is None else torch.tensor(w)
    for positive in (None, generator.uniform(0.5, 4, 3)):
        options = {"weight": w, "reduction": reduction, "pos_weight": positive}
        other_options = {**options, "weight": other, "pos_weight": None if positive is None else torch.tensor(positive)}
        compare(
            "binary_cross_entropy_with_logits, weighed",
            lambda x, t, o=options: tinytorch.binary_cross_entropy_with_logits(x, t, **o),
            lambda x, t, o=other_options: torch.nn.functional.binary_cross_entropy_with_logits(x, t, **o),
            x,
            t,
        )
    compare(
        "binary_cross_entropy, weighed",
        lambda p, t: tinytorch.binary_cross_entropy(p, t, w, reduction),
        lambda p, t: torch.nn.functional.binary_cross_entropy(p, t, other, reduction=reduction),
        1 / (1 + np.exp(-x)),
        t,
    )


@needs_torch
def test_binary_cross_entropy_of_0_and_1_is_pytorchs():
    p, t = np.array([0, 0, 1, 1], np.float32), np.array([0, 1, 0, 1], np.float32)
    compare(
        "binary_cross_entropy of 0 and 1",  # in float64 PyTorch's limit, 1e-12, is that of float32 too
        lambda p: tinytorch.binary_cross_entropy(p, t),
        lambda p: torch.nn.functional.binary_cross_entropy(p, torch.tensor(t)),
        p,
    )


@needs_torch
@pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=["float32", "float64"])
def test_binary_cross_entropy_of_huge_logits_is_pytorchs(dtype):
    x = np.array([1e4, -1e4, 1e4, -1e4, 0.0], dtype)
    t = np.array([0, 0, 1, 1, 0.5], dtype)
    ours = tinytorch.binary_cross_entropy_with_logits
    compare("binary_cross_entropy_with_logits at 1e4", ours, theirs(ours), x, t)


@needs_torch
@pytest.mark.parametrize("log_target", [False, True])
def test_batchmean_is_pytorchs(log_target):
    generator = np.random.default_rng(5)
    x, t = np.log(generator.dirichlet(np.ones(4), 3)), generator.dirichlet(np.ones(4), 3)
    options = {"reduction": "batchmean", "log_target": log_target}
    compare(
        "kl_div, batchmean",
        lambda x, t: tinytorch.kl_div(x, t, **options),
        lambda x, t: torch.nn.functional.kl_div(x, t, **options),
        x,
        np.log(t) if log_target else t,
    )


def test_binary_cross_entropy_by_a_target_is_finite_as_the_loss_is():
    target = Tensor([0.0, 1.0], requires_grad=True)
    tinytorch.binary_cross_entropy(Tensor([0.0, 1.0]), target, reduction="sum").backward()
    assert target.grad.tolist() == [100.0, -100.0]


@needs_torch
def test_kl_div_of_a_target_0_costs_0():
    x, t = np.log(np.array([[0.25, 0.75]])), np.array([[0.0, 1.0]])
    other = torch.tensor(t)
    ours = lambda x: tinytorch.kl_div(x, t, "sum")  # noqa: E731
    compare("kl_div of 0", ours, lambda x: torch.nn.functional.kl_div(x, other, reduction="sum"), x)


def labels_for(data, shape, classes, reduction, ignored):
    """Return integer targets; some of them ignored, but not all where a mean is taken."""
    generator = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    targets = generator.integers(0, classes, shape[:1] * (len(shape) > 1) + shape[2:])
    targets = np.where(generator.random(targets.shape) < data.draw(st.sampled_from([0, 0.4])), ignored, targets)
    assume(reduction != "mean" or (targets != ignored).any())
    return targets


@needs_torch
@reduction
@pytest.mark.parametrize("smoothing", [0.0, 0.1, 1.0])
@steady
@given(data=st.data())
def test_cross_entropy_of_labels_is_pytorchs(smoothing, reduction, data):
    shape = data.draw(class_shapes)
    logits = data.draw(arrays(shape))
    classes = shape[min(len(shape) - 1, 1)]
    ignored = data.draw(st.sampled_from([-100, 0, -1]))
    targets = labels_for(data, shape, classes, reduction, ignored)
    w = data.draw(st.sampled_from([None, np.linspace(0.5, 2, classes).astype(logits.dtype)]))
    options = {"ignore_index": ignored, "reduction": reduction, "label_smoothing": smoothing}
    compare(
        f"cross_entropy, smoothing {smoothing}",
        lambda z: tinytorch.cross_entropy(z, targets, w, **options),
        lambda z: torch.nn.functional.cross_entropy(
            z, torch.tensor(targets), None if w is None else torch.tensor(w), **options
        ),
        logits,
    )


@needs_torch
@reduction
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@steady
@given(data=st.data())
def test_cross_entropy_of_probabilities_and_both_gradients_are_pytorchs(smoothing, reduction, data):
    shape = data.draw(class_shapes)
    logits, targets = pairs(data, shape, False, True)
    classes = shape[min(len(shape) - 1, 1)]
    w = data.draw(st.sampled_from([None, np.linspace(0.5, 2, classes).astype(logits.dtype)]))
    options = {"reduction": reduction, "label_smoothing": smoothing}
    compare(
        "cross_entropy of probabilities",
        lambda z, t: tinytorch.cross_entropy(z, t, w, **options),
        lambda z, t: torch.nn.functional.cross_entropy(z, t, None if w is None else torch.tensor(w), **options),
        logits,
        targets,
    )


@needs_torch
def test_logits_far_apart_have_pytorchs_gradients_by_both():
    compare(
        "cross_entropy of probabilities",
        tinytorch.cross_entropy,
        torch.nn.functional.cross_entropy,
        np.array([[1e4, 0.0, -1e4], [-1e4, -1e4, -1e4]]),
        np.array([[0.5, 0.25, 0.25], [0.0, 0.5, 0.5]]),
    )


@needs_torch
@reduction
@steady
@given(data=st.data())
def test_nll_loss_is_pytorchs(reduction, data):
    shape = data.draw(class_shapes)
    x = data.draw(arrays(shape))
    classes = shape[min(len(shape) - 1, 1)]
    targets = labels_for(data, shape, classes, reduction, -100)
    w = data.draw(st.sampled_from([None, np.linspace(0.5, 2, classes).astype(x.dtype)]))
    compare(
        "nll_loss",
        lambda x: tinytorch.nll_loss(x, targets, w, reduction=reduction),
        lambda x: torch.nn.functional.nll_loss(
            x, torch.tensor(targets), None if w is None else torch.tensor(w), reduction=reduction
        ),
        x,
    )


class TestClasses:
    """Cross-entropy and nll_loss beyond what PyTorch judges."""

    logits = np.random.default_rng(6).standard_normal((2, 3, 4))
    targets = np.array([[0, 2, 1, 1], [2, -100, 0, 0]])

    @reduction
    @pytest.mark.parametrize("smoothing", [0.0, 0.2])
    def test_gradients_by_finite_differences(self, reduction, smoothing):
        def f(z):
            return tinytorch.cross_entropy(z, self.targets, [1.0, 2.0, 3.0], -100, reduction, smoothing)

        assert gradient_error(f, self.logits) < 1e-8
        assert gradient_error(lambda x: tinytorch.nll_loss(x, self.targets, reduction=reduction), self.logits) < 1e-8

    @reduction
    def test_soft_gradients_by_finite_differences(self, reduction):
        targets = np.random.default_rng(7).uniform(0.1, 0.9, (2, 3, 4))
        f = lambda z, t: tinytorch.soft_cross_entropy(z, t, reduction)  # noqa: E731
        assert gradient_error(f, self.logits, targets) < 1e-8

    def test_labels_and_their_one_hot_probabilities_agree(self):
        labels = np.array([2, 0])
        logits = self.logits[:, :, 0]
        for options in ({}, {"reduction": "none"}, {"label_smoothing": 0.3}):
            hard = tinytorch.cross_entropy(logits, labels, **options)
            soft = tinytorch.cross_entropy(logits, np.eye(3)[labels], **options)
            np.testing.assert_allclose(hard.data, soft.data, rtol=1e-14)

    def test_it_is_nll_loss_after_log_softmax(self):
        both = tinytorch.nll_loss(tinytorch.log_softmax(self.logits, axis=1), self.targets)
        assert both.item() == pytest.approx(tinytorch.cross_entropy(self.logits, self.targets).item(), rel=1e-14)

    def test_what_is_ignored_may_be_infinite(self):
        logits = Tensor(np.array([[-np.inf, 0.0], [0.0, 0.0]]), requires_grad=True)
        loss = tinytorch.cross_entropy(logits, [-100, 1])
        loss.backward()
        assert loss.item() == pytest.approx(np.log(2))
        assert logits.grad.tolist() == [[0.0, 0.0], [0.5, -0.5]]
        assert tinytorch.nll_loss(logits, [-100, 1], reduction="sum").item() == 0.0

    def test_an_impossible_class_costs_infinity(self):
        assert tinytorch.cross_entropy(Tensor([[-np.inf, 0.0]]), [0]).item() == np.inf

    def test_no_samples_have_a_sum_but_no_mean(self):
        empty, none = np.zeros((0, 4)), np.zeros(0, int)
        assert tinytorch.cross_entropy(empty, none, reduction="sum").item() == 0
        assert tinytorch.nll_loss(empty, none, reduction="none").shape == (0,)
        with pytest.raises(ValueError, match=r"nll_loss of no samples or no classes: logits \(0, 4\)"):
            tinytorch.nll_loss(empty, none)
        with pytest.raises(ValueError, match=r"cross_entropy of no samples or no classes: logits \(0, 4\)"):
            tinytorch.cross_entropy(empty, empty)

    def test_logits_without_classes_are_refused(self):
        for shape in ((), (2, 0)):
            with pytest.raises(ValueError, match=r"soft_cross_entropy wanted logits \(N, C\) with classes, got \("):
                tinytorch.soft_cross_entropy(np.zeros(shape), np.zeros(shape))

    def test_a_mean_of_ignored_targets_is_refused(self):
        with pytest.raises(ValueError, match=r"cross_entropy is the mean of no targets: each is 7, which is ignored"):
            tinytorch.cross_entropy(self.logits, np.full((2, 4), 7), ignore_index=7)

    @pytest.mark.parametrize("function", [tinytorch.cross_entropy, tinytorch.nll_loss], ids=lambda f: f.__name__)
    def test_a_target_out_of_range_is_named(self, function):
        targets = Tensor([[0, 1, 2, 0], [1, 3, -100, 2]])
        with pytest.raises(ValueError, match=rf"{function.__name__} wanted targets from 0 to 2, got 3 at row 5"):
            function(self.logits, targets)

    def test_classes_at_the_end_are_refused_with_advice(self):
        with pytest.raises(ValueError, match=r"got \(2, 3, 4\) and \(2, 3\); reshape the logits to \(-1, C\)"):
            tinytorch.cross_entropy(self.logits, np.zeros((2, 3), int))

    def test_a_probability_out_of_range_is_named(self):
        with pytest.raises(ValueError, match=r"cross_entropy wanted a target from 0 to 1, got 1.5 at \(0, 1\)"):
            tinytorch.cross_entropy(np.zeros((1, 2)), np.array([[0.0, 1.5]]))

    @pytest.mark.parametrize("smoothing", [-0.1, 1.1, np.nan])
    def test_smoothing_out_of_range_is_refused(self, smoothing):
        with pytest.raises(ValueError, match="wanted a label_smoothing from 0 to 1, got"):
            tinytorch.cross_entropy(np.zeros((1, 2)), [0], label_smoothing=smoothing)

    def test_weights_that_cannot_be_are_refused(self):
        for weight, message in (
            (np.ones(2), r"wanted weights that broadcast to \(3,\), got \(2,\)"),
            ([1.0, -1.0, 1.0], r"wanted weights of 0 or more, got -1.0"),
            (Tensor([1.0] * 3, requires_grad=True), r"gives its weights no gradient; give weight.detach\(\)"),
        ):
            with pytest.raises(ValueError, match=f"cross_entropy {message}"):
                tinytorch.cross_entropy(self.logits, self.targets, weight)


class TestElementwise:
    """What the other losses refuse, and what they keep."""

    @elementwise
    def test_shapes_never_broadcast(self, case):
        ours, options, *_ = ELEMENTWISE[case]
        with pytest.raises(
            ValueError, match=r"_(loss|entropy|logits|div) wanted .* one shape, got \(4, 1\) and \(4,\)"
        ):
            ours(np.zeros((4, 1)), np.zeros(4), **options)

    @elementwise
    def test_a_mean_of_nothing_is_refused(self, case):
        ours, options, *_ = ELEMENTWISE[case]
        with pytest.raises(ValueError, match=r"is the mean of no elements: the shape is \(0, 2\)"):
            ours(np.zeros((0, 2)), np.zeros((0, 2)), **options)

    @elementwise
    def test_other_reductions_and_dtypes_are_refused(self, case):
        ours, options, *_ = ELEMENTWISE[case]
        with pytest.raises(ValueError, match=r"wanted a reduction of mean, sum, none.*, got 'average'"):
            ours(np.zeros(2), np.zeros(2), reduction="average", **options)
        with pytest.raises(TypeError, match="wanted an input of floats, got int64"):
            ours(np.zeros(2, int), np.zeros(2), **options)

    @elementwise
    @pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=["float32", "float64"])
    def test_the_result_has_the_inputs_dtype(self, case, dtype):
        ours, options, *_ = ELEMENTWISE[case]
        input = Tensor(np.full((2, 3), 0.5, dtype), requires_grad=True)
        for target in (np.zeros((2, 3)), np.zeros((2, 3), int), [[0, 1, 0], [1, 0, 1]], Tensor(np.zeros((2, 3)))):
            loss = ours(input, target, **options)
            loss.backward()
            assert (loss.dtype, input.grad.dtype) == (dtype, dtype)

    def test_probabilities_out_of_range_are_named(self):
        for value in (-0.5, 1.5, np.nan):
            with pytest.raises(ValueError, match=rf"wanted an input from 0 to 1, got {value} at \(1,\); take sigmoid"):
                tinytorch.binary_cross_entropy(np.array([0.5, value]), np.array([0.0, 1.0]))
        with pytest.raises(ValueError, match=r"with_logits wanted a target from 0 to 1, got 2.0 at \(0,\)"):
            tinytorch.binary_cross_entropy_with_logits(np.array([0.5]), np.array([2.0]))
        with pytest.raises(
            ValueError, match=r"kl_div wanted a target from 0 to 1, got -1.0 at \(0,\); log_target=True"
        ):
            tinytorch.kl_div(np.array([0.5]), np.array([-1.0]))

    def test_options_that_cannot_be_are_refused(self):
        with pytest.raises(ValueError, match="huber_loss wanted a positive delta, got 0"):
            tinytorch.huber_loss(np.zeros(1), np.zeros(1), delta=0)
        with pytest.raises(ValueError, match=r"kl_div wanted a sample or more .* got the shape \(\)"):
            tinytorch.kl_div(Tensor(0.0), Tensor(0.5), "batchmean")

    @needs_torch
    @pytest.mark.parametrize("ignored", [-1, 0, 2])
    def test_probabilities_have_no_class_to_ignore_as_in_pytorch(self, ignored):
        x, q = np.array([[1.0, 2.0]]), np.array([[0.25, 0.75]])
        other = torch.nn.functional.cross_entropy
        if ignored < 0:
            value = tinytorch.cross_entropy(x, q, ignore_index=ignored).data
            same("cross_entropy", value, other(torch.tensor(x), torch.tensor(q), ignore_index=ignored))
            return
        with pytest.raises(RuntimeError, match="ignore_index is not supported"):
            other(torch.tensor(x), torch.tensor(q), ignore_index=ignored)
        for smoothing in (0.0, 0.1):
            with pytest.raises(ValueError, match=f"targets are probabilities; got ignore_index={ignored}"):
                tinytorch.cross_entropy(x, q, ignore_index=ignored, label_smoothing=smoothing)

    def test_gradients_where_pytorch_has_infinity_or_nan(self):
        p, t = Tensor([0.0, 1.0]), Tensor([1.0, 0.0], requires_grad=True)
        tinytorch.binary_cross_entropy(p, t, reduction="sum").backward()
        assert t.grad.tolist() == [100.0, -100.0]
        t = Tensor([0.0, 1.0], requires_grad=True)
        tinytorch.kl_div(Tensor([0.0, 0.0]), t, "sum").backward()
        assert t.grad.tolist() == [-np.inf, 1.0]
        x = Tensor([[np.inf, np.nan], [0.0, 0.0]], requires_grad=True)
        tinytorch.cross_entropy(x, np.array([-100, 1])).backward()
        assert x.grad.tolist() == [[0.0, 0.0], [0.5, -0.5]]

    def test_options_of_another_kind_are_refused(self):
        x, targets = Tensor([[1.0, 2.0]]), Tensor([0])
        for call, message in (
            (lambda: tinytorch.huber_loss(x, x, delta="a"), "huber_loss's delta wanted a number, got 'a'"),
            (lambda: tinytorch.smooth_l1_loss(x, x, beta=None), "smooth_l1_loss's beta wanted a number, got None"),
            (lambda: tinytorch.cross_entropy(x, targets, label_smoothing=None), "label_smoothing wanted a number"),
            (lambda: tinytorch.cross_entropy(x, targets, ignore_index=0.5), "ignore_index wanted a whole number, got"),
            (
                lambda: tinytorch.nll_loss(x, targets, ignore_index=None),
                "nll_loss's ignore_index wanted",
            ),
        ):
            with pytest.raises(TypeError, match=message):
                call()
        for reduction in (None, ["mean"], x):
            with pytest.raises(ValueError, match="mse_loss wanted a reduction of mean, sum, none, got"):
                tinytorch.mse_loss(x, x, reduction)
            with pytest.raises(ValueError, match="MSELoss wanted a reduction of mean, sum, none, got"):
                nn.MSELoss(reduction)

    def test_a_target_that_changes_later_changes_no_loss(self):
        target = np.array([1.0, 2.0])
        input = Tensor(np.zeros(2), requires_grad=True)
        loss = tinytorch.mse_loss(input, target)
        target[:] = 9.0
        loss.backward()
        assert input.grad.tolist() == [-1.0, -2.0]


LAYERS = [
    ("MSELoss", {}),
    ("L1Loss", {"reduction": "sum"}),
    ("HuberLoss", {"delta": 0.5}),
    ("SmoothL1Loss", {"beta": 0.5, "reduction": "none"}),
    ("BCELoss", {"weight": [1.0, 2.0, 3.0]}),
    ("BCEWithLogitsLoss", {"pos_weight": [1.0, 2.0, 3.0]}),
    ("KLDivLoss", {"reduction": "batchmean"}),
    ("CrossEntropyLoss", {"weight": [1.0, 2.0, 3.0], "label_smoothing": 0.1}),
    ("CrossEntropyLoss", {"ignore_index": 1}),
    ("NLLLoss", {"weight": [1.0, 2.0, 3.0], "ignore_index": 1}),
]


@needs_torch
@pytest.mark.parametrize(("name", "options"), LAYERS, ids=[f"{name} {' '.join(options)}" for name, options in LAYERS])
def test_layers_are_pytorchs(name, options):
    generator = np.random.default_rng(8)
    x, t = generator.uniform(0.1, 0.9, (4, 3)), generator.uniform(0.1, 0.9, (4, 3))
    targets = np.array([0, 2, 1, 2]) if name in ("CrossEntropyLoss", "NLLLoss") else t
    other = {k: torch.tensor(v, dtype=torch.float64) if isinstance(v, list) else v for k, v in options.items()}
    mine, theirs_layer = getattr(nn, name)(**options), getattr(torch.nn, name)(**other)
    same(f"{name} as a layer", mine(x, targets).data, theirs_layer(torch.tensor(x), torch.tensor(targets)))
    assert set(mine.state_dict()) == set(theirs_layer.state_dict())
    assert list(mine.parameters()) == []


def test_reprs_and_refusals_of_layers():
    assert repr(nn.MSELoss()) == "MSELoss()"
    assert repr(nn.CrossEntropyLoss(reduction="none")) == "CrossEntropyLoss(reduction='none')"
    with pytest.raises(ValueError, match="MSELoss wanted a reduction of mean, sum, none, got 'batchmean'"):
        nn.MSELoss("batchmean")
