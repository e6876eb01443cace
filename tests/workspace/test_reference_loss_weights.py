"""Batches as one: what each batch's loss counts, in accumulation, in an epoch's mean and in an evaluation."""

import functools

import numpy as np
import pytest

from tinytorch import (
    SGD,
    BCEWithLogitsLoss,
    Buffer,
    CrossEntropyLoss,
    KLDivLoss,
    Layer,
    Linear,
    LogSoftmax,
    MSELoss,
    NLLLoss,
    Sequential,
    Tensor,
    Trainer,
    cross_entropy,
    evaluate,
    l1_loss,
    mse_loss,
    soft_cross_entropy,
)
from tinytorch.loss_weights import weight_of

WEIGHTS = np.array([0.2, 3.0, 1.0])
SIZES = [(0, 5), (5, 9), (9, 10)]  # of batches: the last is the smallest


def made(kind):
    """Return inputs and targets of ten samples."""
    generator = np.random.default_rng(0)
    x = generator.standard_normal((10, 3))
    if kind == "classes":
        return x, np.array([0, 1, 2, 0, 0, -100, -100, 1, -100, 2])
    if kind == "ends ignored":
        return x, np.array([0, 1, 2, 0, 0, 2, 1, 1, 2, -100])
    values = generator.random((10, 3))
    return x, values / values.sum(axis=1, keepdims=True)


CASES = {
    "ignored": (cross_entropy, "classes"),
    "a batch without any": (cross_entropy, "ends ignored"),
    "weighted": (CrossEntropyLoss(WEIGHTS), "classes"),
    "smoothed": (CrossEntropyLoss(WEIGHTS, label_smoothing=0.1), "classes"),
    "another index": (functools.partial(cross_entropy, ignore_index=2, weight=[1.0, 2.0, 5.0]), "classes"),
    "nll": (NLLLoss(WEIGHTS), "classes"),
    "a sum": (CrossEntropyLoss(WEIGHTS, reduction="sum"), "classes"),
    "a partial sum": (functools.partial(cross_entropy, reduction="sum"), "classes"),
    "probabilities": (CrossEntropyLoss(WEIGHTS), "values"),
    "soft": (soft_cross_entropy, "values"),
    "squares": (MSELoss(), "values"),
    "l1": (l1_loss, "values"),
    "logits": (BCEWithLogitsLoss(pos_weight=[2.0, 1.0, 1.0]), "values"),
    "divergence": (KLDivLoss("batchmean"), "values"),
    "a function": (lambda outputs, targets: mse_loss(outputs, targets) * 2, "values"),
}


def trained(loss, kind, parts, accumulate):
    x, y = made(kind)
    if kind != "values" and isinstance(loss, functools.partial) and "ignore_index" in loss.keywords:
        y = np.abs(y) % 3
    model = Sequential(Linear(3, 3, seed=0, dtype=np.float64), LogSoftmax())
    batches = [(Tensor(x[a:b]), Tensor(y[a:b])) for a, b in parts]
    trainer = Trainer(model, SGD(model.parameters(), lr=0.05), loss, accumulate=accumulate)
    history = trainer.fit(batches, 3)
    return [p.data for p in model.parameters()], [epoch.loss for epoch in history], (model, batches)


@pytest.mark.parametrize("case", CASES)
def test_several_batches_are_as_one(case):
    loss, kind = CASES[case]
    few, losses, (model, batches) = trained(loss, kind, SIZES, 3)
    one, expected, (_, whole) = trained(loss, kind, [(0, 10)], 1)
    for a, b in zip(few, one, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(losses, expected, rtol=1e-12)
    assert evaluate(model, batches, loss).loss == pytest.approx(evaluate(model, whole, loss).loss, rel=1e-12)


def test_a_learned_weighting_says_itself_how_much_it_counts():
    class Masked(Layer):
        def forward(self, outputs, targets):
            mask = Tensor((targets.data >= 0).astype(np.float64))
            return ((outputs - targets) ** 2 * mask).sum() / max(1, float(mask.data.sum()))

        def counted(self, targets):
            return float((targets.data >= 0).sum())

    x, y = made("values")
    y[3:8, 0] = -1
    results = []
    for parts in (SIZES, [(0, 10)]):
        model = Linear(3, 3, seed=0, dtype=np.float64)
        batches = [(Tensor(x[a:b]), Tensor(y[a:b])) for a, b in parts]
        Trainer(model, SGD(model.parameters()), Masked(), accumulate=3).fit(batches, 1)
        results.append(model.weight.data)
    np.testing.assert_allclose(*results, rtol=1e-12)


def test_weights():
    targets = Tensor([0, 1, -100, 2])
    assert weight_of(cross_entropy, targets) == 3
    assert weight_of(CrossEntropyLoss(WEIGHTS), targets) == pytest.approx(4.2)
    assert weight_of(CrossEntropyLoss(Buffer(WEIGHTS), ignore_index=1), Tensor([0, 1])) == pytest.approx(0.2)
    assert weight_of(cross_entropy, Tensor(np.zeros((4, 3, 5)))) == 20  # probabilities of 3 classes
    assert weight_of(mse_loss, Tensor(np.zeros((4, 3)))) == 12
    assert weight_of(print, Tensor(np.zeros((4, 3)))) == 4


class TestLossesThatAreNoNumber:
    def test_known_ones_are_refused_at_once(self):
        model = Linear(2, 2, seed=0)
        for loss in (CrossEntropyLoss(reduction="none"), functools.partial(cross_entropy, reduction="none")):
            with pytest.raises(ValueError, match="one number, got reduction='none'; take 'mean' or 'sum'"):
                Trainer(model, SGD(model.parameters()), loss)
            with pytest.raises(ValueError, match="one number, got reduction='none'"):
                evaluate(model, [], loss)

    @pytest.mark.parametrize(
        ("loss", "error", "message"),
        [
            (
                lambda o, t: cross_entropy(o, t, reduction="none"),
                ValueError,
                r"one number, got the shape \(4,\); take its",
            ),
            (lambda o, t: 0.5, TypeError, "returns a Tensor, got float; compute it with Tensors"),
        ],
        ids=["none", "float"],
    )
    def test_others_at_the_first_batch(self, loss, error, message):
        model = Linear(2, 2, seed=0)
        before = model.weight.data.copy()
        batches = [(Tensor(np.ones((4, 2), np.float32)), Tensor([0, 1, 0, 1]))]
        with pytest.raises(error, match=message):
            Trainer(model, SGD(model.parameters()), loss).fit(batches, 1)
        with pytest.raises(error, match=message):
            evaluate(model, batches, loss)
        np.testing.assert_array_equal(model.weight.data, before)
        assert model.training


class TestIgnored:
    batches = ((Tensor(np.eye(3, dtype=np.float32)), Tensor([0, -100, 2])),)

    def test_the_accuracy_leaves_out_what_the_loss_ignores(self):
        model = Linear(3, 3, seed=0)
        model.weight.data[:] = np.eye(3)
        model.bias.data[:] = 0
        assert evaluate(model, self.batches).accuracy == 1.0

    def test_data_without_a_target_that_counts(self):
        with pytest.raises(ValueError, match="a target or more that counts, got none"):
            evaluate(Linear(3, 3, seed=0), [(Tensor(np.eye(3)), Tensor([-100] * 3))])
