"""What modules 06 to 08 add, as the reference has it: optimizers, the training loop, data."""

import hashlib
import sys
from pathlib import Path

import numpy as np
import pytest

from tinytorch import (
    SGD,
    Adam,
    Callback,
    DataLoader,
    Linear,
    ReLU,
    Sequential,
    Tensor,
    TensorDataset,
    Trainer,
    accuracy,
    cross_entropy,
    evaluate,
    load_digits,
    optim,
    optimizer_base,
    shifted,
)
from tinytorch.dataloader import DIGITS


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
        with pytest.raises(ValueError, match=r"wanted both betas in \[0, 1\), got"):
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
        monkeypatch.setattr(optimizer_base, "CHUNK", 4)
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
        history = trainer([log]).fit(DataLoader(data, 16, shuffle=True, seed=0), epochs=10, test=DataLoader(data, 60))
        assert history[-1].test.accuracy == 1.0
        assert history[-1].loss < history[0].loss
        assert history == log.epochs
        assert log.steps == list(range(1, 41))
        assert capsys.readouterr() == ("", "")

    def test_the_epochs_loss_is_the_mean_over_samples(self):
        t = trainer(lr=0.0)
        batches = list(DataLoader(blobs(10), 4))
        (epoch,) = t.fit(batches, epochs=1)
        assert epoch.loss == pytest.approx(evaluate(t.model, batches).loss, rel=1e-6)
        assert epoch.test is None

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

    def test_accuracy(self):
        assert accuracy(Tensor([[1.0, 2.0], [3.0, 0.0], [0.0, 1.0]]), np.array([1, 1, 1])) == pytest.approx(2 / 3)
        with pytest.raises(ValueError, match=r"wanted logits \(N, C\) and targets \(N,\), got \(2, 2\) and \(1,\)"):
            accuracy(Tensor([[1.0, 2.0], [3.0, 0.0]]), np.array([1]))


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

    def test_what_is_no_dataset_is_refused(self):
        with pytest.raises(TypeError, match=r"wanted a TensorDataset, got ndarray; try TensorDataset\(x, y\)"):
            DataLoader(np.arange(3))
        with pytest.raises(ValueError, match="wanted a batch_size from 1 on, got 0"):
            DataLoader(self.data, 0)

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
        sys.path.insert(0, str(Path(__file__).parent.parent / "scripts"))
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
