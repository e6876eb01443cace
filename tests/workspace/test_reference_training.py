"""What modules 06 to 08 add, as the reference has it: optimizers, the training loop, data."""

import hashlib
import math
import sys
from pathlib import Path

import numpy as np
import pytest

from tinytorch import (
    SGD,
    Adam,
    Callback,
    DataLoader,
    EarlyStopping,
    Linear,
    ReLU,
    Sequential,
    Tensor,
    TensorDataset,
    Trainer,
    accuracy,
    cross_entropy,
    evaluate,
    f1_score,
    load_digits,
    optim,
    optimizer_base,
    shifted,
)
from tinytorch.dataloader import DIGITS
from tinytorch.training import Epoch, Score


def parameter(*values):
    return Tensor(np.array(values, dtype=np.float64), requires_grad=True)


def stepped(optimizer, p, gradients):
    """Return the parameter after a step for each gradient."""
    for g in gradients:
        p.grad = Tensor(np.asarray(g, dtype=np.float64))
        optimizer.step()
    return p.data


GRADIENTS = [[1.0, -2.0], [0.5, 3.0], [-4.0, 0.0]]


class TestSGD:
    def test_a_step_is_minus_lr_times_the_gradient(self):
        p = parameter(1.0, 2.0)
        np.testing.assert_allclose(stepped(SGD([p], lr=0.1), p, GRADIENTS[:1]), [0.9, 2.2], rtol=1e-15)

    def test_momentum(self):
        p, expected, v = parameter(1.0, 2.0), np.array([1.0, 2.0]), np.zeros(2)
        for g in GRADIENTS:
            v = 0.9 * v + g
            expected = expected - 0.1 * v
        np.testing.assert_allclose(stepped(SGD([p], lr=0.1, momentum=0.9), p, GRADIENTS), expected, rtol=1e-14)

    def test_a_negative_momentum_is_refused(self):
        with pytest.raises(ValueError, match=r"momentum must be a number from 0 on, got -0\.1"):
            SGD([parameter(1.0)], momentum=-0.1)


class TestAdam:
    def test_is_the_papers_algorithm(self):
        p, expected, m, v = parameter(1.0, 2.0), np.array([1.0, 2.0]), 0.0, 0.0
        for t, g in enumerate(np.array(GRADIENTS), start=1):
            m, v = 0.8 * m + 0.2 * g, 0.95 * v + 0.05 * g * g
            expected = expected - 0.1 * (m / (1 - 0.8**t)) / (np.sqrt(v / (1 - 0.95**t)) + 1e-3)
        optimizer = Adam([p], lr=0.1, betas=(0.8, 0.95), eps=1e-3)
        np.testing.assert_allclose(stepped(optimizer, p, GRADIENTS), expected, rtol=1e-13)

    @pytest.mark.parametrize("betas", [(1.0, 0.9), (0.9, 1.0), (-0.1, 0.9)], ids=str)
    def test_betas_out_of_range_are_refused(self, betas):
        with pytest.raises(ValueError, match=r"betas\[.\] (wanted a number in|must be a number from 0)"):
            Adam([parameter(1.0)], betas=betas)

    def test_a_negative_eps_is_refused(self):
        with pytest.raises(ValueError, match="eps must be a number from 0 on"):
            Adam([parameter(1.0)], eps=-1e-8)


@pytest.mark.parametrize("make", [SGD, lambda p, **k: SGD(p, momentum=0.9, **k), Adam], ids=["SGD", "momentum", "Adam"])
class TestOptimizers:
    def test_no_parameters_are_refused(self, make):
        with pytest.raises(ValueError, match="wanted parameters, got none"):
            make([])

    @pytest.mark.parametrize("lr", [-0.1, float("nan"), float("inf")], ids=str)
    def test_a_rate_that_is_no_rate_is_refused(self, make, lr):
        with pytest.raises(ValueError, match="lr must be a number from 0 on, got"):
            make([parameter(1.0)], lr=lr)

    def test_what_cannot_learn_is_named(self, make):
        with pytest.raises(TypeError, match=r"parameter 1 can't be learned: .* requires_grad=True, got Tensor"):
            make([parameter(1.0), Tensor([1.0])])
        with pytest.raises(TypeError, match="wanted several parameters, got one tensor"):
            make(parameter(1.0))
        with pytest.raises(TypeError, match="parameter 0 can't be learned"):
            make([parameter(1.0) * 2.0])

    def test_a_parameter_given_twice_is_refused(self, make):
        p = parameter(1.0)
        with pytest.raises(ValueError, match="each parameter once"):
            make([p, p])

    def test_a_parameter_without_gradient_stays(self, make):
        p, q = parameter(1.0), parameter(1.0)
        stepped(make([p, q], lr=0.1), q, [[1.0]])
        assert p.tolist() == [1.0]
        assert q.tolist() != [1.0]

    def test_zero_grad_forgets(self, make):
        p = parameter(1.0)
        p.grad = Tensor([1.0])
        optimizer = make(iter([p]))
        optimizer.zero_grad()
        assert p.grad is None

    def test_chunks_change_nothing(self, make, monkeypatch):
        generator = np.random.default_rng(0)
        shapes = ((7, 5), (11,), (2, 3, 4), ())
        start = [generator.standard_normal(shape) for shape in shapes]
        gradients = [[generator.standard_normal(shape) for shape in shapes] for _ in range(3)]

        def run():
            parameters = [Tensor(a, requires_grad=True) for a in start]
            optimizer = make(parameters, lr=0.1)
            for step in gradients:
                for p, g in zip(parameters, step, strict=True):
                    p.grad = Tensor(g)
                optimizer.step()
            return [p.data for p in parameters]

        whole = run()
        monkeypatch.setattr(optimizer_base, "CACHE", 128)
        for a, b in zip(whole, run(), strict=True):
            np.testing.assert_array_equal(a, b)

    def test_memory_order_changes_nothing(self, make):
        start = np.arange(6.0).reshape(2, 3)
        p, q = (Tensor(start, requires_grad=True) for _ in range(2))
        q.data = np.asfortranarray(start)
        g = [start - 2.5, start**2]
        np.testing.assert_array_equal(stepped(make([p], lr=0.1), p, g), stepped(make([q], lr=0.1), q, g))

    def test_data_may_be_assigned_while_the_optimizer_lives(self, make):
        p = parameter(1.0, 1.0)
        optimizer = make([p], lr=0.1)
        stepped(optimizer, p, [[1.0, 1.0]])
        p.data = np.array([5.0, 5.0])
        assert (stepped(optimizer, p, [[1.0, 1.0]]) < 5.0).all()

    def test_another_shape_is_refused(self, make):
        p = parameter(1.0, 1.0)
        optimizer = make([p], lr=0.1)
        p.data = np.ones(3)
        with pytest.raises(
            ValueError, match=r"parameter 0 had the shape \(2,\) when .* got \(3,\) with a gradient of \(3,\)"
        ):
            stepped(optimizer, p, [np.ones(3)])


def test_optim_has_pytorchs_names():
    assert (optim.SGD, optim.Adam) == (SGD, Adam)


def blobs(samples=60):
    """Return an easy problem: two clouds of points."""
    generator = np.random.default_rng(0)
    labels = np.arange(samples) % 2
    points = generator.standard_normal((samples, 2)).astype(np.float32) + 4 * labels.reshape(-1, 1)
    return TensorDataset(points.astype(np.float32), labels)


def trainer(callbacks=(), lr=0.05):
    model = Sequential(Linear(2, 8, seed=1), ReLU(), Linear(8, 2, seed=2))
    return Trainer(model, Adam(model.parameters(), lr=lr), callbacks=callbacks)


class Log(Callback):
    def __init__(self):
        self.steps, self.epochs = [], []

    def after_step(self, trainer):
        self.steps.append(trainer.steps)

    def after_epoch(self, trainer, epoch):
        self.epochs.append(epoch)


class TestTrainer:
    def test_learns_and_tells_its_callbacks(self, capsys):
        log = Log()
        data = blobs()
        history = trainer([log]).fit(
            DataLoader(data, 16, shuffle=True, seed=0), epochs=10, validation=DataLoader(data, 60)
        )
        assert history[-1].validation.accuracy == 1.0
        assert history[-1].loss < history[0].loss
        assert history == log.epochs
        assert log.steps == list(range(1, 41))
        assert capsys.readouterr() == ("", "")

    def test_the_epochs_loss_is_the_mean_over_samples(self):
        t = trainer(lr=0.0)
        batches = list(DataLoader(blobs(10), 4))
        (epoch,) = t.fit(batches, epochs=1)
        assert epoch.loss == pytest.approx(evaluate(t.model, batches).loss, rel=1e-6)
        assert epoch.validation is None

    def test_a_loss_that_is_no_number_stops_before_the_model_changes(self):
        t = trainer()
        t.model[0].weight.data[0, 0] = np.nan
        before = t.model[2].weight.data.copy()
        with pytest.raises(
            FloatingPointError, match=r"the loss is nan at step 1; is the learning rate 0\.05 too large"
        ):
            t.fit(DataLoader(blobs(), 16), epochs=1)
        np.testing.assert_array_equal(t.model[2].weight.data, before)

    def test_no_batches_are_refused(self):
        with pytest.raises(ValueError, match=r"no batches in epoch 2: .* generator that ended"):
            trainer().fit(iter(list(DataLoader(blobs(), 16))), epochs=2)
        with pytest.raises(ValueError, match="evaluate got no batches"):
            evaluate(trainer().model, [])


class TestBatchesAsOne:
    """Accumulation: several batches make the step of one batch of all their samples."""

    def run(self, batch_size, accumulate, loss=cross_entropy, samples=46, **options):
        model = Sequential(Linear(2, 8, seed=1, dtype=np.float64), ReLU(), Linear(8, 2, seed=2, dtype=np.float64))
        x, y = blobs(samples).tensors
        batches = DataLoader(TensorDataset(x.data.astype(np.float64), y), batch_size)
        t = Trainer(model, SGD(model.parameters(), lr=0.1, momentum=0.9), loss, accumulate=accumulate, **options)
        history = t.fit(batches, epochs=3)
        return [p.data for p in model.parameters()], history, t.steps

    @pytest.mark.parametrize(("batch_size", "accumulate"), [(4, 3), (6, 2), (1, 12), (5, 100)])
    @pytest.mark.parametrize("options", [{}, {"clip_norm": 0.1}, {"clip_value": 0.01}], ids=str)
    def test_equals_the_big_batch(self, batch_size, accumulate, options):
        few, history, steps = self.run(batch_size, accumulate, **options)
        one, expected, expected_steps = self.run(batch_size * accumulate, 1, **options)
        assert steps == expected_steps
        for a, b in zip(few, one, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose([e.loss for e in history], [e.loss for e in expected], rtol=1e-12)

    def test_batches_of_different_size_weigh_by_their_samples(self):
        x, y = blobs(10).tensors
        models = [Linear(2, 2, seed=0, dtype=np.float64) for _ in range(2)]
        parts = [(Tensor(x.data[part]), Tensor(y.data[part])) for part in (slice(0, 3), slice(3, 10))]
        losses = [
            Trainer(model, SGD(model.parameters(), lr=0.1)).step(batches)
            for model, batches in zip(models, (parts, [(x, y)]), strict=True)
        ]
        assert losses[0] == pytest.approx(losses[1], rel=1e-6)
        np.testing.assert_allclose(models[0].weight.data, models[1].weight.data, rtol=1e-6)


class TestClippingAndSchedules:
    def test_the_norm_is_measured_and_bounded(self):
        t = trainer()
        t.clip_norm = 1e-3
        t.fit(DataLoader(blobs(), 60), epochs=1)
        assert t.gradient_norm > 1e-3
        norm = math.sqrt(sum(float((p.grad.data**2).sum()) for p in t.optimizer.parameters))
        assert norm == pytest.approx(1e-3, rel=1e-2)

    def test_a_gradient_that_is_no_number_stops_before_the_model_changes(self):
        model = Linear(2, 2, seed=0)

        def steep(outputs, targets):  # 0, with a slope of 1e40
            return (outputs - outputs.detach()).sum() * 1e30 * 1e10

        t = Trainer(model, SGD(model.parameters()), steep, clip_norm=1.0)
        before = model.weight.data.copy()
        with np.errstate(all="ignore"), pytest.raises(FloatingPointError, match="the gradients' norm is"):
            t.fit(DataLoader(blobs(), 60), epochs=1)
        np.testing.assert_array_equal(model.weight.data, before)

    @pytest.mark.parametrize(("every", "expected"), [("epoch", 0.5**3), ("step", 0.5**12)])
    def test_a_scheduler_steps_when_it_is_told_to(self, every, expected):
        model = Linear(2, 2, seed=0)
        optimizer = SGD(model.parameters(), lr=1.0)
        scheduler = optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.5)
        t = Trainer(model, optimizer, scheduler=scheduler, scheduler_every=every)
        t.fit(DataLoader(blobs(), 15), epochs=3)
        assert optimizer.lr == expected

    def test_a_plateau_goes_by_the_validation_loss(self):
        model = Linear(2, 2, seed=0)
        optimizer = SGD(model.parameters(), lr=0.0)
        optimizer.lr = 1e-30  # nothing becomes better
        scheduler = optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, eps=0.0)
        t = Trainer(model, optimizer, scheduler=scheduler)
        t.fit(DataLoader(blobs(), 60), epochs=3, validation=DataLoader(blobs(), 60))
        assert optimizer.lr == pytest.approx(1e-32)
        with pytest.raises(ValueError, match="goes by the validation loss, got no validation"):
            t.fit(DataLoader(blobs(), 60), epochs=3)

    def test_wrong_options(self):
        model = Linear(2, 2, seed=0)
        optimizer, other = SGD(model.parameters()), SGD(model.parameters())
        plateau = optim.lr_scheduler.ReduceLROnPlateau(optimizer)
        for options, message in [
            ({"accumulate": 0}, "accumulate must be an integer from 1 on"),
            ({"clip_norm": -1.0}, "clip_norm must be a number from 0 on"),
            ({"clip_value": math.nan}, "clip_value must be a number from 0 on"),
            ({"scheduler": optimizer}, "wanted a scheduler such as StepLR, got SGD"),
            ({"scheduler": optim.lr_scheduler.StepLR(other, 1)}, "changes another optimizer than the Trainer's"),
            ({"scheduler": plateau, "scheduler_every": "step"}, "wanted scheduler_every='epoch', got 'step'"),
            ({"scheduler_every": "batch"}, "scheduler_every wanted 'epoch' or 'step', got 'batch'"),
            ({"model": lambda x: x}, "wanted a Layer as the model, got function"),
            ({"model": Linear(2, 2)}, "the optimizer changes no parameter of this model; was the model made anew"),
            ({"optimizer": None}, "wanted an optimizer such as SGD.* got NoneType"),
            ({"loss": 0.5}, "wanted a loss, .* got float"),
            ({"callbacks": [print]}, "wanted a list of Callbacks, got <built-in function print>"),
            ({"metrics": [accuracy]}, "wanted metrics as a dict by name, got list"),
        ]:
            with pytest.raises((ValueError, TypeError), match=message):
                Trainer(**{"model": model, "optimizer": optimizer, **options})

    def test_epochs_below_1_are_refused(self):
        with pytest.raises(ValueError, match="epochs must be an integer from 1 on, got 0"):
            trainer().fit(DataLoader(blobs(), 60), epochs=0)

    def test_batches_of_three_are_refused(self):
        x, y = blobs().tensors
        with pytest.raises(ValueError, match=r"wanted to be \(inputs, targets\), got a tuple of 3 tensors"):
            trainer().fit([(x, y, y)], epochs=1)


class TestCallbacks:
    def test_every_event_in_its_order(self):
        events = []

        class Spy(Callback):
            def __init__(self, name):
                self.name = name

            def before_fit(self, trainer):
                events.append(f"{self.name} fit")

            def before_epoch(self, trainer, number):
                events.append(f"{self.name} epoch {number}")

            def after_step(self, trainer):
                events.append(f"{self.name} step {trainer.steps}")

            def after_epoch(self, trainer, epoch):
                events.append(f"{self.name} epoch {epoch.number} done")

            def at_rest(self, trainer):
                events.append(f"{self.name} rest")

            def after_fit(self, trainer, history):
                events.append(f"{self.name} {len(history)} epochs")

        trainer([Spy("a"), Spy("b")]).fit(DataLoader(blobs(), 60), epochs=1)
        both = ["fit", "epoch 1", "step 1", "rest", "epoch 1 done", "rest", "1 epochs"]
        assert events == [f"{name} {event}" for event in both for name in "ab"]

    def test_one_that_does_nothing(self):
        t = trainer([Callback()])
        t.fit(DataLoader(blobs(), 60), epochs=1)
        t.callbacks[0].load_state_dict({})
        assert t.callbacks[0].state_dict() == {}

    def test_stop_ends_after_the_epoch(self):
        class Stop(Callback):
            def after_step(self, trainer):
                trainer.stop = trainer.steps == 5

        t = trainer([Stop()])
        assert len(t.fit(DataLoader(blobs(), 30), epochs=10)) == 10
        t = trainer([Stop()])
        assert len(t.fit(DataLoader(blobs(), 12), epochs=10)) == 1

    def test_a_second_fit_begins_anew(self):
        t = trainer()
        data = DataLoader(blobs(), 30)
        t.fit(data, epochs=2)
        assert [epoch.number for epoch in t.fit(data, epochs=3)] == [1, 2, 3]
        assert t.steps == 10


class TestEarlyStopping:
    def follow(self, values, **options):
        """Return the callback, the epochs it let pass, and a model whose bias ends as the number of its epoch."""
        stopping = EarlyStopping(**options)
        model = Linear(1, 1, seed=0)
        t = Trainer(model, SGD(model.parameters()), callbacks=[stopping])
        t.validation = []
        stopping.before_fit(t)
        for number, value in enumerate(values, start=1):
            model.bias.data[:] = number
            stopping.after_epoch(t, Epoch(number, 0.0, Score(value, {"f1": value})))
            if t.stop:
                break
        stopping.after_fit(t, [])
        return stopping, number, model.bias.item()

    def test_stops_after_patience_and_brings_the_best_back(self):
        stopping, number, bias = self.follow([5.0, 3.0, 4.0, 3.0, 3.5, 1.0], patience=3)
        assert (number, bias, stopping.best, stopping.best_epoch) == (5, 2.0, 3.0, 2)

    def test_a_metric_is_better_when_higher(self):
        stopping, number, bias = self.follow([0.1, 0.5, 0.4, 0.3, 0.9], patience=2, monitor="f1")
        assert (number, bias, stopping.best) == (4, 2.0, 0.5)

    def test_min_delta(self):
        assert self.follow([1.0, 0.95, 0.91, 0.5], patience=2, min_delta=0.1)[1] == 3

    def test_without_restoring(self):
        assert self.follow([1.0, 2.0], patience=1, restore_best=False)[2] == 2.0

    def test_in_a_real_training(self):
        t = trainer([EarlyStopping(patience=2, monitor="accuracy")])
        data = DataLoader(blobs(), 30, shuffle=True, seed=0)
        history = t.fit(data, epochs=50, validation=DataLoader(blobs(), 60))
        best = max(epoch.validation.accuracy for epoch in history)
        assert len(history) < 50
        assert evaluate(t.model, DataLoader(blobs(), 60)).accuracy == best
        assert len(t.fit(data, epochs=1, validation=DataLoader(blobs(), 60))) == 1  # it begins anew

    def test_what_cannot_be_right(self):
        for options, message in [
            ({"patience": 0}, "patience must be an integer from 1 on"),
            ({"mode": "low"}, "mode 'min' or 'max', got 'low'"),
            ({"min_delta": -1.0}, "min_delta must be a number from 0 on"),
        ]:
            with pytest.raises(ValueError, match=message):
                EarlyStopping(**options)
        with pytest.raises(ValueError, match="goes by the validation, got none"):
            trainer([EarlyStopping()]).fit(DataLoader(blobs(), 60), epochs=1)
        with pytest.raises(ValueError, match=r"wanted the metric 'f2', got \['f1'\]"):
            self.follow([1.0], monitor="f2")
        with pytest.raises(ValueError, match="got f1=nan in epoch 1"):
            self.follow([math.nan], monitor="f1")


class TestEvaluate:
    def test_records_nothing_and_restores_the_mode(self):
        class Spy(Linear):
            def forward(self, x):
                out = super().forward(x)
                seen.append((self.training, out.requires_grad))
                return out

        seen = []
        model = Spy(2, 2, seed=0)
        evaluate(model, DataLoader(blobs(), 30))
        assert seen == [(False, False)] * 2
        assert model.training

    def test_restores_the_mode_after_an_error(self):
        model = Linear(3, 2, seed=0)
        with pytest.raises(ValueError, match="wanted"):
            evaluate(model, DataLoader(blobs(), 30))
        assert model.training

    def test_batches_of_different_size_weigh_by_their_samples(self):
        model, data = Linear(2, 2, seed=0), blobs(10)
        few, all_at_once = (evaluate(model, DataLoader(data, size)) for size in (3, 10))
        assert few.loss == pytest.approx(all_at_once.loss, rel=1e-6)
        assert few.accuracy == pytest.approx(all_at_once.accuracy)

    def test_metrics_get_all_samples_at_once(self):
        def samples(outputs, targets):
            assert outputs.shape == (10, 2)
            return len(targets)

        model = Linear(2, 2, seed=0)
        score = evaluate(model, DataLoader(blobs(10), 3), metrics={"samples": samples, "f1": f1_score})
        assert score.metrics["samples"] == 10
        with pytest.raises(AttributeError, match=r"no accuracy, only \['f1', 'samples'\]; give it among the metrics"):
            _ = score.accuracy
        assert evaluate(model, DataLoader(blobs(10), 3), metrics={}).metrics == {}

    def test_numbers_to_hit_have_no_accuracy(self):
        def squares(outputs, targets):
            difference = outputs - targets
            return (difference * difference).mean()

        data = [(Tensor(np.ones((4, 2), np.float32)), Tensor(np.ones((4, 1), np.float32)))]
        assert evaluate(Linear(2, 1, seed=0), data, squares).metrics == {}

    def test_a_loss_that_is_no_number(self):
        model = Linear(2, 2, seed=0)
        model.weight.data[:] = np.nan
        with pytest.raises(FloatingPointError, match="the loss is nan on the data to evaluate"):
            evaluate(model, DataLoader(blobs(), 30))

    def test_accuracy(self):
        assert accuracy(Tensor([[1.0, 2.0], [3.0, 0.0], [0.0, 1.0]]), np.array([1, 1, 1])) == pytest.approx(2 / 3)
        with pytest.raises(ValueError, match=r"targets \(N,\) of the same N from 1 on, got \(2, 2\) and \(1,\)"):
            accuracy(Tensor([[1.0, 2.0], [3.0, 0.0]]), np.array([1]))

    @pytest.mark.parametrize("value", [None, "0.5", [0.1, 0.2]], ids=str)
    def test_a_metric_that_is_no_number_is_named(self, value):
        with pytest.raises(TypeError, match="the metric 'mine' wanted to return a number, got"):
            evaluate(Linear(2, 2, seed=0), DataLoader(blobs(), 60), metrics={"mine": lambda outputs, targets: value})


def numbers(loader):
    return [x.tolist() for (x,) in loader]


class TestDataLoader:
    data = TensorDataset(np.arange(10))

    def test_in_order_with_a_smaller_last_batch(self):
        loader = DataLoader(self.data, 4)
        assert numbers(loader) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
        assert len(loader) == 3

    def test_drop_last(self):
        loader = DataLoader(self.data, 4, drop_last=True)
        assert numbers(loader) == [[0, 1, 2, 3], [4, 5, 6, 7]]
        assert len(loader) == 2

    def test_the_seed_decides_the_order_and_passes_differ(self):
        one, two, other = (DataLoader(self.data, 4, shuffle=True, seed=seed) for seed in (0, 0, 1))
        first, second = numbers(one), numbers(one)
        assert [first, second] == [numbers(two), numbers(two)]
        assert first != second
        assert first != numbers(other)

    def test_a_generator_is_used_as_it_is(self):
        by_seed, by_generator = (DataLoader(self.data, 4, True, seed=s) for s in (7, np.random.default_rng(7)))
        assert numbers(by_seed) == numbers(by_generator)

    def test_shuffled_every_sample_comes_once_with_its_label(self):
        data = TensorDataset(np.arange(10.0), np.arange(10))
        batches = list(DataLoader(data, 3, shuffle=True, seed=0))
        assert sorted(n for x, _ in batches for n in x.tolist()) == list(range(10))
        for x, y in batches:
            np.testing.assert_array_equal(x.data, y.data)

    def test_batches_are_copies(self):
        ((x,),) = DataLoader(self.data, 10)
        x.data[:] = -1
        assert self.data.tensors[0].tolist() == list(range(10))

    def test_augmentation_changes_the_first_tensor_by_the_seed(self):
        data = TensorDataset(np.ones((6, 4, 4)), np.arange(6))
        runs = [list(DataLoader(data, 3, augment=shifted, seed=seed)) for seed in (0, 0, 1)]
        arrays = [np.concatenate([x.data for x, _ in run]) for run in runs]
        np.testing.assert_array_equal(arrays[0], arrays[1])
        assert (arrays[0] != arrays[2]).any()
        assert [y.tolist() for _, y in runs[0]] == [[0, 1, 2], [3, 4, 5]]

    def test_different_lengths_are_refused(self):
        with pytest.raises(ValueError, match=r"same first length, got \(3,\), \(4,\)"):
            TensorDataset(np.arange(3), np.arange(4))
        with pytest.raises(ValueError, match="same first length, got nothing"):
            TensorDataset()


class TestShifted:
    def test_all_nine_ways_by_whole_pixels(self):
        image = np.arange(1.0, 17.0).reshape(4, 4)
        padded = np.pad(image, 1)
        wanted = {padded[i : i + 4, j : j + 4].tobytes() for i in range(3) for j in range(3)}
        moved = shifted(np.repeat(image[None], 500, axis=0), np.random.default_rng(0), share=1.0)
        assert {x.tobytes() for x in moved} == wanted

    def test_share(self):
        images = np.random.default_rng(0).random((1000, 4, 4), dtype=np.float32)
        moved = shifted(images, np.random.default_rng(1), share=0.5)
        changed = (moved != images).any(axis=(1, 2)).mean()
        assert 0.39 < changed < 0.5  # one in nine of those that may move stays
        assert moved.dtype == np.float32
        np.testing.assert_array_equal(shifted(images, np.random.default_rng(1), share=0.0), images)

    def test_other_shapes_are_refused(self):
        with pytest.raises(ValueError, match=r"wanted images \(N, H, W\), got \(4, 4\)"):
            shifted(np.zeros((4, 4)), np.random.default_rng(0))


class TestDigits:
    @pytest.mark.parametrize("split", ["fixed", "writers"])
    def test_shapes_and_ranges(self, split):
        train, test = load_digits(split)
        assert (len(train), len(test)) == (1437, 360)
        for data in (train, test):
            images, labels = data.tensors
            assert images.shape == (len(data), 8, 8)
            assert (images.dtype, labels.dtype) == (np.float32, np.int64)
            assert (images.data.min(), images.data.max()) == (0.0, 1.0)
            assert set(labels.tolist()) == set(range(10))

    def test_both_splits_hold_each_image_once(self):
        def rows(data):
            return [x.tobytes() for x in data.tensors[0].data]

        whole = [sorted(rows(train) + rows(test)) for train, test in map(load_digits, ("fixed", "writers"))]
        assert whole[0] == whole[1]
        train, test = load_digits()
        assert not set(rows(train)) & set(rows(test))

    def test_the_fixed_split_has_each_digit_by_its_share(self):
        train, test = (np.bincount(data.tensors[1].data) for data in load_digits())
        np.testing.assert_allclose(test / (train + test), 360 / 1797, atol=0.006)

    def test_the_writers_split_is_the_end_of_the_file(self):
        with np.load(DIGITS) as arrays:
            images = arrays["images"]
        np.testing.assert_array_equal(load_digits("writers")[1].tensors[0].data * 16, images[-360:])

    def test_the_file_is_the_known_one(self):
        sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))
        try:
            import make_digits
        finally:
            del sys.path[0]
        with np.load(DIGITS) as arrays:
            assert make_digits.digest(dict(arrays)) == make_digits.SHA256
            np.testing.assert_array_equal(make_digits.stratified(arrays["labels"]), arrays["test"])
        assert len(make_digits.SHA256) == hashlib.sha256().digest_size * 2

    def test_changing_what_was_loaded_changes_no_later_load(self):
        load_digits()[0].tensors[0].data[:] = 5.0
        assert load_digits()[0].tensors[0].data.max() == 1.0

    def test_another_split_is_refused(self):
        with pytest.raises(ValueError, match="wanted the split 'fixed' or 'writers', got 'random'"):
            load_digits("random")


def test_an_mlp_learns_the_digits_in_ten_epochs():
    train, test = load_digits()
    flat = [TensorDataset(d.tensors[0].data.reshape(-1, 64), d.tensors[1]) for d in (train, test)]
    model = Sequential(Linear(64, 32, seed=0), ReLU(), Linear(32, 10, seed=1))
    t = Trainer(model, Adam(model.parameters(), lr=0.01), loss=cross_entropy)
    t.fit(DataLoader(flat[0], 32, shuffle=True, seed=0), epochs=10)
    assert evaluate(model, DataLoader(flat[1], 360)).accuracy > 0.93
