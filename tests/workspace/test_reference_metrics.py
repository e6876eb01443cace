"""The metrics of module 07, by hand and against scikit-learn."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinytorch import Tensor
from tinytorch.metrics import accuracy, confusion_matrix, f1_score, precision, recall, top_k_accuracy

RATES = [precision, recall, f1_score]
AVERAGES = ["macro", "micro", "weighted", None]


@pytest.fixture(scope="module")
def sklearn():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own, at import
        return pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed; it is never needed")


def answers(seed, samples, classes):
    generator = np.random.default_rng(seed)
    return generator.integers(0, classes, samples), generator.integers(0, classes, samples)


CASES = st.builds(answers, st.integers(0, 10**6), st.integers(1, 12), st.integers(1, 6))


class TestAgainstScikitLearn:
    @pytest.mark.parametrize("average", AVERAGES)
    @pytest.mark.parametrize("rate", RATES)
    @given(case=CASES, zero_division=st.sampled_from([0.0, 1.0]))
    @settings(max_examples=25, deadline=None)
    def test_rates(self, sklearn, rate, average, case, zero_division):
        got, wanted = case
        name = rate.__name__.removesuffix("_score") + "_score"
        labels = np.arange(max(got.max(), wanted.max()) + 1) if average is None else None
        expected = getattr(sklearn, name)(wanted, got, labels=labels, average=average, zero_division=zero_division)
        np.testing.assert_allclose(rate(got, wanted, average, zero_division), expected, rtol=1e-12)

    @pytest.mark.filterwarnings("ignore:A single label was found")
    @given(case=CASES)
    @settings(max_examples=25, deadline=None)
    def test_counts(self, sklearn, case):
        got, wanted = case
        labels = np.arange(max(got.max(), wanted.max()) + 1)
        np.testing.assert_array_equal(
            confusion_matrix(got, wanted), sklearn.confusion_matrix(wanted, got, labels=labels)
        )
        assert accuracy(got, wanted) == sklearn.accuracy_score(wanted, got)

    @pytest.mark.parametrize("k", [1, 2, 3])
    def test_top_k_with_ties(self, sklearn, k):
        generator = np.random.default_rng(0)
        scores = generator.integers(0, 3, (50, 4)).astype(np.float64)
        targets = generator.integers(0, 4, 50)
        expected = sklearn.top_k_accuracy_score(targets, scores, k=k, labels=np.arange(4))
        assert top_k_accuracy(scores, targets, k) == pytest.approx(expected, rel=1e-15)


def counted(got, wanted, c):
    """Return TP, FP and FN of a class, one sample at a time."""
    pairs = list(zip(got.tolist(), wanted.tolist(), strict=True))
    return (
        sum(g == c == w for g, w in pairs),
        sum(g == c != w for g, w in pairs),
        sum(w == c != g for g, w in pairs),
    )


class TestByDefinition:
    """Without scikit-learn: the definitions, one class at a time."""

    @pytest.mark.parametrize("rate", RATES)
    @given(case=CASES, zero=st.sampled_from([0.0, 1.0]))
    @settings(max_examples=25, deadline=None)
    def test_rates(self, rate, case, zero):
        got, wanted = case
        rates, occurring = [], []
        for c in range(max(got.max(), wanted.max()) + 1):
            right, false, missed = counted(got, wanted, c)
            over = {"precision": right + false, "recall": right + missed, "f1_score": right + (false + missed) / 2}
            rates.append(right / over[rate.__name__] if over[rate.__name__] else zero)
            occurring.append(right + false + missed > 0)
        np.testing.assert_allclose(rate(got, wanted, None, zero), rates, rtol=1e-12)
        macro = [r for r, occurs in zip(rates, occurring, strict=True) if occurs]
        assert rate(got, wanted, "macro", zero) == pytest.approx(np.mean(macro), rel=1e-12)
        weighted = np.average(rates, weights=np.bincount(wanted, minlength=len(rates)))
        assert rate(got, wanted, "weighted", zero) == pytest.approx(weighted, rel=1e-12)

    def test_the_best_answers_are_rated_1_without_some_class(self):
        answers = np.array([0, 2, 2])
        for rate in RATES:
            for average in ("macro", "micro", "weighted"):
                assert rate(np.eye(5)[answers], answers, average) == 1.0

    def test_nan_for_nothing_to_divide_by_is_left_out(self):
        got, wanted = np.array([0, 0]), np.array([0, 2])
        np.testing.assert_array_equal(precision(got, wanted, None, np.nan), [0.5, np.nan, np.nan])
        assert precision(got, wanted, "macro", np.nan) == 0.5
        assert np.isnan(precision(np.array([1]), np.array([0]), "weighted", np.nan))


class TestByHand:
    got, wanted = np.array([0, 1, 1, 2, 0]), np.array([0, 0, 1, 2, 2])

    def test_confusion(self):
        assert confusion_matrix(self.got, self.wanted).tolist() == [[1, 1, 0], [0, 1, 0], [1, 0, 1]]
        assert confusion_matrix(self.got, self.wanted, classes=4).shape == (4, 4)

    def test_rates(self):
        np.testing.assert_allclose(precision(self.got, self.wanted, None), [1 / 2, 1 / 2, 1])
        np.testing.assert_allclose(recall(self.got, self.wanted, None), [1 / 2, 1, 1 / 2])
        np.testing.assert_allclose(f1_score(self.got, self.wanted, None), [1 / 2, 2 / 3, 2 / 3])
        assert precision(self.got, self.wanted) == pytest.approx(2 / 3)
        assert recall(self.got, self.wanted, "weighted") == pytest.approx((2 * 0.5 + 1 + 2 * 0.5) / 5)
        for rate in RATES:
            assert rate(self.got, self.wanted, "micro") == accuracy(self.got, self.wanted) == 0.6

    def test_scores_and_answers_are_the_same(self):
        scores = np.eye(3)[self.got] * 0.1
        assert f1_score(Tensor(scores), Tensor(self.wanted)) == f1_score(self.got, self.wanted)

    def test_all_classes_of_the_scores_count(self):
        scores = np.eye(4)[self.got]
        assert confusion_matrix(scores, self.wanted).shape == (4, 4)
        assert recall(scores, self.wanted, None).tolist() == [0.5, 1.0, 0.5, 0.0]

    def test_small_integers_do_not_overflow(self):
        got = np.array([200, 100], np.uint8)
        assert confusion_matrix(got, got)[200, 200] == 1

    def test_nothing_to_divide_by(self):
        got, wanted = np.array([0, 0]), np.array([0, 2])
        assert precision(got, wanted, None).tolist() == [0.5, 0.0, 0.0]
        assert precision(got, wanted, None, zero_division=1.0).tolist() == [0.5, 1.0, 1.0]
        assert f1_score(got, wanted, None, zero_division=1.0).tolist()[1:] == [1.0, 0.0]

    def test_top_k(self):
        scores = np.array([[0.2, 0.5, 0.3], [0.9, 0.1, 0.0]])
        assert [top_k_accuracy(scores, np.array([2, 2]), k) for k in (1, 2, 3)] == [0.0, 0.5, 1.0]


class TestRefused:
    @pytest.mark.parametrize(
        ("call", "message"),
        [
            (lambda: accuracy(np.zeros((2, 3)), np.zeros(3, int)), r"targets \(N,\) .* got \(2, 3\) and \(3,\)"),
            (lambda: accuracy(np.zeros((0, 3)), np.zeros(0, int)), r"N from 1 on, got \(0, 3\)"),
            (lambda: accuracy(np.zeros((2, 3)), np.zeros(2)), r"classes as integers, got float64; try \.astype"),
            (lambda: f1_score(np.zeros(2), np.zeros(2, int)), "f1_score|confusion_matrix wanted classes as integers"),
            (lambda: accuracy(np.array([[np.nan, 1.0]]), np.array([0])), "scores that are nan"),
            (lambda: confusion_matrix(np.array([0]), np.array([-1])), "classes from 0 to 0, got -1 to -1"),
            (lambda: confusion_matrix(np.array([0, 3]), np.array([0, 1]), 3), "classes from 0 to 2, got 0 to 3"),
            (lambda: recall(np.array([0]), np.array([0]), "mean"), "recall wanted the average 'macro', .* got 'mean'"),
            (
                lambda: top_k_accuracy(np.zeros((1, 3)), np.array([0]), 4),
                "a k from 1 to 3, the number of classes, got 4",
            ),
            (lambda: top_k_accuracy(np.zeros((1, 3)), np.array([0]), 1.5), r"a k from 1 to 3, .* got 1\.5"),
            (lambda: accuracy(np.zeros((2, 1)), np.array([0, 1])), r"scores of 2 classes or more, got \(2, 1\); try"),
            (
                lambda: accuracy(np.zeros((2, 3)), np.array([1, 3])),
                "classes from 0 to 2, got 1 to 3; do they start at 0",
            ),
            (lambda: confusion_matrix(np.array([0]), np.array([0]), 0), "a number of classes from 1 on, got 0"),
            (lambda: top_k_accuracy(np.zeros((1, 3)), np.array([3]), 1), "classes from 0 to 2, got 3 to 3"),
            (lambda: top_k_accuracy(np.zeros(3, int), np.zeros(3, int), 1), r"wanted scores \(N, C\), got \(3,\)"),
        ],
        ids=range(15),
    )
    def test_wrong_inputs(self, call, message):
        with pytest.raises((ValueError, TypeError), match=message):
            call()
