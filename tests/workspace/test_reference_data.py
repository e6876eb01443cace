"""Datasets and DataLoader, as a PyTorch user knows them."""

import collections
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tinytorch import SGD, DataLoader, Linear, Subset, Tensor, TensorDataset, Trainer, random_split
from tinytorch.datasets import ConcatDataset, Dataset, IterableDataset, default_collate

ROOT = Path(__file__).resolve().parents[2]


class Squares(Dataset):
    """A dataset of a user: sample i is (i, i²)."""

    def __init__(self, size=10):
        self.size = size
        self.asked = []

    def __len__(self):
        return self.size

    def __getitem__(self, index):
        assert type(index) is int
        self.asked.append(index)
        return np.float32(index), index * index


class Stream:
    """A dataset without a length, the same in every pass."""

    def __iter__(self):
        return iter([(float(i), i % 2) for i in range(7)])


def listed(batch):
    if isinstance(batch, Tensor):
        return batch.tolist()
    if isinstance(batch, dict):
        return {key: listed(part) for key, part in batch.items()}
    return [listed(part) for part in batch] if isinstance(batch, list | tuple) else batch


def test_pytorchs_names():
    code = (
        "from tinytorch.utils.data import DataLoader, Dataset, Subset, TensorDataset, random_split, default_collate\n"
        "import tinytorch.utils.data as data, tinytorch\n"
        "assert tinytorch.utils.data is data and tinytorch.DataLoader is DataLoader is data.DataLoader"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


class TestDatasets:
    @pytest.mark.parametrize(
        ("dataset", "expected"),
        [
            (Squares(3), [[[0, 1], [0, 1]], [[2], [4]]]),
            (np.arange(3), [[0, 1], [2]]),
            (Tensor([1, 2, 3]), [[1, 2], [3]]),
            ([1, 2, 3], [[1, 2], [3]]),
            (range(3), [[0, 1], [2]]),
            ([(1, "a"), (2, "b"), (3, "c")], [[[1, 2], ["a", "b"]], [[3], ["c"]]]),
            (
                [{"x": i, "y": (i, [i])} for i in range(3)],
                [{"x": [0, 1], "y": [[0, 1], [[0, 1]]]}, {"x": [2], "y": [[2], [[2]]]}],
            ),
        ],
        ids=["class", "array", "Tensor", "list", "range", "text", "dicts"],
    )
    def test_whatever_has_a_length_and_samples(self, dataset, expected):
        loader = DataLoader(dataset, batch_size=2)
        assert [listed(batch) for batch in loader] == expected
        assert len(loader) == 2

    def test_an_array_gives_tensors_and_its_rows_are_copies(self):
        source = np.zeros((4, 2))
        (batch,) = DataLoader(source, 4)
        assert isinstance(batch, Tensor)
        batch.data[:] = 1
        assert not source.any()

    def test_an_iterable_without_a_length(self):
        loader = DataLoader(Stream(), 3)
        for _ in range(2):
            assert [listed(x) for x, _ in loader] == [[0, 1, 2], [3, 4, 5], [6]]
        assert len(list(DataLoader(Stream(), 3, drop_last=True))) == 2
        with pytest.raises(TypeError, match="has no length"):
            len(loader)

    def test_an_iterable_dataset_may_have_a_length(self):
        class Numbers(IterableDataset):
            def __iter__(self):
                return iter(range(5))

            def __len__(self):
                return 5

        loader = DataLoader(Numbers(), 2)
        assert [listed(x) for x in loader] == [[0, 1], [2, 3], [4]]
        assert len(loader) == 3
        with pytest.raises(NotImplementedError, match="define the samples of a pass"):
            next(iter(DataLoader(IterableDataset())))

    def test_a_subclass_decides_on_its_samples(self):
        class Doubled(TensorDataset):
            def __getitem__(self, index):
                return tuple(2 * x for x in super().__getitem__(index))

        assert [listed(b) for b in DataLoader(Doubled(np.arange(3)), 2)] == [[[0, 2]], [[4]]]

    def test_dtypes(self):
        def of(*samples):
            return default_collate(samples).dtype

        assert of(1.0, 2.0) == np.float32
        assert of(1, 2) == np.int64
        assert of(True, False) == np.bool_
        assert of(np.float64(1), np.float64(2)) == np.float64
        assert of(Tensor([1], dtype=np.int8)) == np.int8

    def test_named_tuples_keep_their_names(self):
        Sample = collections.namedtuple("Sample", "image label")
        batch = default_collate([Sample(np.zeros(2), 0), Sample(np.ones(2), 1)])
        assert batch.image.shape == (2, 2)
        assert batch.label.tolist() == [0, 1]

    def test_collate_fn_gets_the_samples(self):
        def padded(samples):
            longest = max(map(len, samples))
            return Tensor([[*sample, *[0] * (longest - len(sample))] for sample in samples])

        loader = DataLoader([[1], [2, 3], [4]], 2, collate_fn=padded)
        assert [listed(b) for b in loader] == [[[1, 0], [2, 3]], [[4]]]
        assert [len(s) for s in DataLoader(TensorDataset(np.arange(3)), 2, collate_fn=list)] == [2, 1]

    @pytest.mark.parametrize(
        ("samples", "error", "message"),
        [
            (
                [np.zeros(2), np.zeros(3)],
                ValueError,
                r"same shape, got \(2,\) in the first of the batch and \(3,\) at 1",
            ),
            ([(1, 2), (1,)], ValueError, "same length, got 2 .* and 1 at 1; give a collate_fn"),
            ([{"x": 1}, {"y": 1}], ValueError, r"same keys, got \['x'\] .* and \['y'\] at 1"),
            ([(1, 2), 3], TypeError, r"samples of one kind, got \['int', 'tuple'\]"),
            (
                [None, None],
                TypeError,
                r"wanted tensors, arrays, numbers or text, got \['NoneType'\]; give a collate_fn",
            ),
            ([1, None], TypeError, r"got \['NoneType', 'int'\]"),
        ],
        ids=range(6),
    )
    def test_samples_that_make_no_batch(self, samples, error, message):
        with pytest.raises(error, match=message):
            next(iter(DataLoader(samples, 2)))


class Failing(Squares):
    """A dataset whose sample 7 can't be read."""

    def __init__(self, error):
        super().__init__()
        self.error = error

    def __getitem__(self, index):
        if index == 7:
            raise self.error
        return super().__getitem__(index)


class TestErrorsOfDatasets:
    @pytest.mark.parametrize("options", [{}, {"shuffle": True, "seed": 0}, {"collate_fn": list}], ids=str)
    def test_the_sample_is_named(self, options):
        with pytest.raises(KeyError, match="no file") as caught:
            list(DataLoader(Failing(KeyError("no file")), 4, **options))
        assert caught.value.__notes__ == ["while a DataLoader asked the Failing for sample 7"]

    def test_stop_iteration_does_not_end_the_pass(self):
        with pytest.raises(RuntimeError, match="sample 7 of the Failing raised StopIteration"):
            list(DataLoader(Failing(StopIteration()), 4))

    def test_the_pass_can_go_on_with_the_next_batch(self):
        batches = iter(DataLoader(Failing(OSError("no disk")), 4))
        next(batches)
        with pytest.raises(OSError, match="no disk"):
            next(batches)
        assert listed(next(batches)) == [[8, 9], [64, 81]]

    @pytest.mark.parametrize("shuffle", [False, True])
    def test_a_dataset_that_grows_in_a_pass(self, shuffle):
        source = [1, 2, 3, 4]
        loader = DataLoader(source, 2, shuffle=shuffle, seed=0)
        found = []
        for batch in loader:
            source.append(5)
            found += listed(batch)
        assert sorted(found) == [1, 2, 3, 4]
        assert len(loader) == 3

    @pytest.mark.parametrize("shuffle", [False, True])
    def test_a_dataset_that_shrinks_in_a_pass(self, shuffle):
        source = list(range(9))
        with pytest.raises(IndexError) as caught:  # noqa: PT012  # the loop is what raises
            for _ in DataLoader(source, 3, shuffle=shuffle, seed=0):
                del source[3:]
        assert "asked the list for sample" in caught.value.__notes__[0]


class TestOptions:
    def test_generator_and_seed_are_one_option(self):
        data = np.arange(20)
        orders = [
            [listed(b) for b in DataLoader(data, 4, True, **{name: value})]
            for name in ("seed", "generator")
            for value in (3, np.random.default_rng(3))
        ]
        assert orders[0] == orders[1] == orders[2] == orders[3]

    @pytest.mark.parametrize(
        ("dataset", "options", "error", "message"),
        [
            (np.arange(3), {"batch_size": 0}, ValueError, "batch_size must be an integer from 1 on, got 0"),
            (np.arange(3), {"batch_size": 1.5}, ValueError, r"batch_size must be an integer from 1 on, got 1\.5"),
            (np.arange(3), {"num_worker": 2}, TypeError, "has no option 'num_worker'; is it misspelt"),
            (np.arange(3), {"seed": 0, "generator": 0}, ValueError, "which are one option, got both; leave one out"),
            (np.arange(0), {}, ValueError, "wanted a dataset with samples, got a ndarray of length 0; was it read"),
            ({"x": [1]}, {}, TypeError, "__len__ and __getitem__, got a dict; try TensorDataset"),
            (5, {}, TypeError, "__len__ and __getitem__, got a int"),
            (iter([1]), {}, TypeError, r"got a list_iterator, which ends after one; try list\(\.\.\.\)"),
            (
                Stream(),
                {"shuffle": True},
                ValueError,
                r"wanted a length to shuffle, .* got a Stream without one; try list",
            ),
        ],
        ids=range(9),
    )
    def test_what_cannot_be_right(self, dataset, options, error, message):
        with pytest.raises(error, match=message):
            DataLoader(dataset, **options)

    def test_what_pytorch_users_write(self):
        loader = DataLoader(np.arange(3), batch_size=2, shuffle=None, num_workers=0, drop_last=True)
        assert len(loader) == len(list(loader)) == 1
        loader = DataLoader(np.arange(4), 2, num_workers=4, pin_memory=True, persistent_workers=True, prefetch_factor=2)
        assert [listed(b) for b in loader] == [[0, 1], [2, 3]]

    def test_augment_wants_a_tensor_first(self):
        with pytest.raises(TypeError, match="augment wanted batches that begin with a Tensor, got dict"):
            next(iter(DataLoader([{"x": 1}], augment=lambda x, _: x)))
        (batch,) = DataLoader(np.arange(2), 2, augment=lambda x, _: x + 1)
        assert batch.tolist() == [1, 2]


class TestParts:
    def test_subset(self):
        part = Subset(Squares(), [3, -1, 3])
        assert [listed(b) for b in DataLoader(part, 2)] == [[[3, 9], [9, 81]], [[3], [9]]]
        assert list(part)[1] == (9, 81)
        nested = Subset(Subset(TensorDataset(np.arange(10) * 2), np.arange(5, 10)), [0, 4])
        assert [listed(b) for b in DataLoader(nested, 2)] == [[[10, 18]]]

    @pytest.mark.parametrize("index", [[0, 2], slice(None, None, 2), np.array([0, 2])], ids=str)
    def test_several_samples_of_a_subset_at_once(self, index):
        part = Subset(TensorDataset(np.arange(10) * 2), [3, 4, 5])
        assert listed(part[index]) == [[6, 10]]
        assert listed(Subset(part, [2, 1, 0])[index]) == [[10, 6]]

    @pytest.mark.parametrize(
        ("indices", "error", "message"),
        [
            ([10], ValueError, "wanted indices from 0 to 9, got 10 to 10"),
            ([-11, 2], ValueError, "got -11 to 2"),
            (np.ones(10, bool), TypeError, r"wanted a list of integers, got bool .* try np\.flatnonzero\(mask\)"),
            ([1.0], TypeError, "got float64"),
        ],
        ids=range(4),
    )
    def test_indices_out_of_range(self, indices, error, message):
        with pytest.raises(error, match=message):
            Subset(Squares(), indices)

    def test_datasets_one_after_the_other(self):
        both = Squares(3) + TensorDataset(np.arange(4.0), np.arange(4))
        assert isinstance(both, ConcatDataset)
        assert len(both) == 7
        assert [int(label) for _, label in both] == [0, 1, 4, 0, 1, 2, 3]
        assert (both[-1][1].item(), both[-7][1]) == (3, 0)
        for index in (7, -8):
            with pytest.raises(IndexError, match=f"has 7 samples, got the index {index}"):
                both[index]
        with pytest.raises(ValueError, match="got none"):
            ConcatDataset([])
        with pytest.raises(TypeError, match="datasets with a length, got a Stream"):
            Squares() + Stream()

    @pytest.mark.parametrize(
        ("lengths", "expected"),
        [
            ([7, 3], [7, 3]),
            ([0.7, 0.3], [7, 3]),
            ([0.75, 0.25], [8, 2]),
            ([1 / 3] * 3, [4, 3, 3]),
            ([10], [10]),
            ([1], [10]),
        ],
        ids=str,
    )
    def test_random_split_uses_each_sample_once(self, lengths, expected):
        parts = random_split(range(10), lengths, generator=0)
        assert [len(part) for part in parts] == expected
        assert sorted(i for part in parts for i in part) == list(range(10))

    def test_random_split_by_its_seed(self):
        one, two, other = (listed([list(p) for p in random_split(range(20), [10, 10], s)]) for s in (0, 0, 1))
        assert one == two != other

    @pytest.mark.parametrize("lengths", [[7, 4], [0.5, 0.4], [], [-1, 11], [1.5, 8.5]], ids=str)
    def test_lengths_that_do_not_sum_up(self, lengths):
        with pytest.raises(ValueError, match="random_split wanted lengths"):
            random_split(range(10), lengths)

    def test_mismatched_lengths_are_named(self):
        with pytest.raises(ValueError, match=r"same first length, got \(3,\), \(4,\); give each sample a row in all"):
            TensorDataset(np.arange(3), np.arange(4))


class TestInATraining:
    def test_samples_of_a_users_dataset(self):
        class Points(Dataset):
            def __len__(self):
                return 6

            def __getitem__(self, index):
                return np.array([index, 1], np.float32), index % 2

        model = Linear(2, 2, seed=0)
        history = Trainer(model, SGD(model.parameters())).fit(DataLoader(Points(), 4), 2, DataLoader(Points(), 4))
        assert 0 <= history[-1].validation.accuracy <= 1

    @pytest.mark.parametrize(
        ("batches", "message"),
        [
            (DataLoader(np.zeros((4, 2)), 2), r"wanted to be \(inputs, targets\), got a Tensor; change the dataset"),
            (DataLoader([{"x": 1, "y": 2}]), "got a dict; change the dataset, or the DataLoader's collate_fn"),
            (
                DataLoader(TensorDataset(np.zeros((4, 2)), np.zeros(4, int)), 5, drop_last=True),
                "smaller than a batch with drop_last",
            ),
            ([(Tensor(1.0), Tensor(0))], r"wanted samples along axis 0, got \(\) and \(\)"),
        ],
        ids=range(4),
    )
    def test_batches_that_are_no_pairs(self, batches, message):
        model = Linear(2, 2, seed=0)
        with pytest.raises(ValueError, match=message):
            Trainer(model, SGD(model.parameters())).fit(batches, 1)

    def test_arrays_as_batches(self):
        model = Linear(2, 2, seed=0)
        batches = [(np.zeros((3, 2), np.float32), np.array([0, 1, 0]))]
        assert Trainer(model, SGD(model.parameters())).fit(batches, 1, batches)[0].validation.accuracy in (1 / 3, 2 / 3)
