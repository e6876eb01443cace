"""Samplers: what decides the order of a pass, alone, in a DataLoader, and where a training goes on in the middle."""

import collections

import numpy as np
import pytest
from tinytorch.utils.data import (
    BatchSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
)

from tinytorch import SGD, DataLoader, Linear, SaveCheckpoint, Tensor, TensorDataset, Trainer, load_checkpoint

TEN = np.arange(10)


def passes(loader, count=1):
    found = [[batch.tolist() for batch in loader] for _ in range(count)]
    return found[0] if count == 1 else found


class TestInALoader:
    def test_any_iterable_of_integers_decides_the_order(self):
        for sampler in ([3, 1, 4], (3, 1, 4), np.array([3, 1, 4]), Tensor([3, 1, 4]), {3: 0, 1: 0, 4: 0}):
            loader = DataLoader(TEN, batch_size=2, sampler=sampler)
            assert passes(loader, 2) == [[[3, 1], [4]]] * 2
            assert len(loader) == 2

    def test_batches_by_a_batch_sampler(self):
        loader = DataLoader(TEN, batch_sampler=[[3, 1], [4], (5, 6, 7)])
        assert passes(loader, 2) == [[[3, 1], [4], [5, 6, 7]]] * 2
        assert len(loader) == 3
        loader = DataLoader(TEN, batch_sampler=BatchSampler(SequentialSampler(TEN), 4, drop_last=True))
        assert passes(loader) == [[0, 1, 2, 3], [4, 5, 6, 7]]
        assert len(loader) == 2

    def test_it_is_asked_anew_in_each_pass(self):
        first, second = passes(DataLoader(TEN, 10, sampler=SubsetRandomSampler(TEN, generator=0)), 2)
        assert sorted(first[0]) == sorted(second[0]) == TEN.tolist()
        assert first != second

    def test_two_passes_at_once(self):
        loader = DataLoader(TEN, 2, shuffle=True, generator=0)
        pairs = list(zip(loader, loader, strict=True))
        for side in zip(*pairs, strict=True):
            assert sorted(i for batch in side for i in batch.tolist()) == TEN.tolist()

    def test_what_a_loader_has_without_one(self):
        assert isinstance(DataLoader(TEN).sampler, SequentialSampler)
        assert isinstance(DataLoader(TEN, shuffle=True).sampler, RandomSampler)
        assert len(DataLoader(TEN, 3, sampler=[1, 2]).sampler) == 2

    def test_a_sampler_without_a_length(self):
        loader = DataLoader(TEN, 2, sampler=type("Odd", (Sampler,), {"__iter__": lambda self: iter([1, 3, 5])})())
        assert passes(loader) == [[1, 3], [5]]
        with pytest.raises(TypeError, match="a Odd has no length"):
            len(loader)

    @pytest.mark.parametrize(
        ("options", "error", "message"),
        [
            ({"sampler": [1], "shuffle": True}, ValueError, "shuffle or a sampler, which both decide"),
            ({"batch_sampler": [[1]], "batch_size": 2}, ValueError, "a batch_sampler decides on batch_size"),
            ({"batch_sampler": [[1]], "sampler": [1]}, ValueError, "leave those out"),
            ({"batch_sampler": [[1]], "drop_last": True}, ValueError, "leave those out"),
            ({"dataset": map(str, "ab")}, TypeError, "ends after one"),
            ({"dataset": {1, 2}, "sampler": [1]}, ValueError, "wanted a length to shuffle, or to take by"),
        ],
        ids=range(6),
    )
    def test_options_that_exclude_each_other(self, options, error, message):
        with pytest.raises(error, match=message):
            DataLoader(**{"dataset": TEN, **options})

    @pytest.mark.parametrize("sampler", [[0.5], ["a"], [[1, 2]], [True, False]], ids=str)
    def test_what_are_no_indices(self, sampler):
        with pytest.raises(TypeError, match="a sampler wanted a list of integers"):
            iter(DataLoader(TEN, sampler=sampler))

    def test_an_index_out_of_range(self):
        with pytest.raises(IndexError, match="index 12 is out of bounds"):
            list(DataLoader(TEN, sampler=[12]))


class TestSamplers:
    def test_random_without_replacement_begins_again(self):
        found = list(RandomSampler(range(4), num_samples=10, generator=0))
        assert sorted(found[:4]) == sorted(found[4:8]) == [0, 1, 2, 3]
        assert len(found) == len(RandomSampler(range(4), num_samples=10)) == 10
        assert len(set(found[8:])) == 2

    def test_random_with_replacement(self):
        found = list(RandomSampler(range(4), replacement=True, num_samples=1000, generator=0))
        assert collections.Counter(found).keys() == {0, 1, 2, 3}
        assert len(found) == 1000
        assert len(list(RandomSampler(range(4), replacement=True))) == 4

    def test_weights_are_how_likely_a_sample_is(self):
        found = collections.Counter(WeightedRandomSampler([0, 1, 3.0], 10_000, generator=0))
        assert found.keys() == {1, 2}
        assert found[2] / found[1] == pytest.approx(3, rel=0.1)
        assert sorted(WeightedRandomSampler([1, 5, 1], 3, replacement=False)) == [0, 1, 2]

    @pytest.mark.parametrize("kind", [RandomSampler, SubsetRandomSampler], ids=lambda kind: kind.__name__)
    def test_the_same_seed_gives_the_same_orders(self, kind):
        one, two, other = (kind(range(50), generator=seed) for seed in (0, 0, 1))
        assert list(one) == list(two) != list(other)
        assert list(one) == list(two)

    @pytest.mark.parametrize(
        ("make", "message"),
        [
            (lambda: RandomSampler([]), "wanted samples to draw from, got none"),
            (lambda: RandomSampler([1], num_samples=0), "num_samples must be an integer from 1 on"),
            (lambda: WeightedRandomSampler([-1.0, 2.0], 1), r"wanted weights \(N,\) from 0 on"),
            (lambda: WeightedRandomSampler([0.0, 0.0], 1), "not all of them 0"),
            (lambda: WeightedRandomSampler([np.nan, 1.0], 1), "wanted weights"),
            (lambda: WeightedRandomSampler([[1.0]], 1), "wanted weights"),
            (lambda: WeightedRandomSampler([1, 0, 1], 3, replacement=False), "up to 2, the weights above 0"),
            (lambda: BatchSampler([1], 0, drop_last=False), "batch_size must be an integer from 1 on"),
        ],
        ids=range(8),
    )
    def test_what_cannot_be_right(self, make, message):
        with pytest.raises(ValueError, match=message):
            make()

    def test_the_base_says_what_to_define(self):
        with pytest.raises(NotImplementedError, match="Sampler has no __iter__"):
            iter(Sampler())


def kinds():
    yield "random", lambda: {"batch_size": 3, "sampler": RandomSampler(TEN, num_samples=17, generator=3)}
    yield "weighted", lambda: {"batch_size": 3, "sampler": WeightedRandomSampler(TEN + 1, 14, generator=3)}
    yield "batches", lambda: {"batch_sampler": BatchSampler(RandomSampler(TEN, generator=3), 3, drop_last=False)}
    yield "list", lambda: {"batch_size": 3, "sampler": [4, 4, 8, 1, 0, 2, 2]}


class TestGoingOn:
    """A training saved in the middle of an epoch goes on with the samples that were left, and then as the whole one."""

    @pytest.mark.parametrize("options", [make for _, make in kinds()], ids=[name for name, _ in kinds()])
    def test_to_the_bit(self, options, tmp_path):
        data = TensorDataset(np.random.default_rng(0).standard_normal((10, 4)).astype(np.float32), TEN % 2)

        def run(callbacks=(), load=False):
            model = Linear(4, 2, seed=0)
            trainer = Trainer(model, SGD(model.parameters(), lr=0.1, momentum=0.9), callbacks=callbacks)
            if load:
                load_checkpoint(tmp_path / "x", trainer)
                assert trainer.steps == 2
            history = trainer.fit(DataLoader(data, **options()), 3)
            return trainer.steps, model.weight.data.tobytes(), history

        whole = run([SaveAt(tmp_path / "x", 2)])
        assert run(load=True) == whole

    @pytest.mark.parametrize("order", [None, [0, 1], np.array([[0]]), np.array([10]), np.array([0.5])], ids=str)
    def test_another_order_is_refused(self, order):
        with pytest.raises(ValueError, match="the pass to go on with has"):
            DataLoader(TEN, sampler=[1, 2]).resume({"order": order, "done": 0})

    @pytest.mark.parametrize("done", [-1, 6, "1", None], ids=str)
    def test_another_number_of_batches_is_refused(self, done):
        with pytest.raises(ValueError, match="the pass to go on with"):
            DataLoader(TEN, 2).resume({"order": None, "done": done})


class SaveAt(SaveCheckpoint):
    """Saves once, after a number of steps."""

    def __init__(self, path, step):
        super().__init__(path, every_epochs=99, every_steps=step)

    def at_rest(self, trainer):
        if trainer.steps == self.every_steps:
            super().at_rest(trainer)
