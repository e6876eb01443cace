"""Module 00: the exercise that is red at opening."""

import pytest


@pytest.mark.exercise("00.1")
def test_counts_weights_and_biases(check):
    """must count every weight and every bias"""
    check(
        "parameter_count(widths)",
        widths=(2, 3, 1),
        expected=13,
        rule="from n to m values: n * m weights and m biases",
    )


@pytest.mark.exercise("00.1")
def test_counts_all_layers(check):
    """must add up all layers, not only the first"""
    check(
        "parameter_count(widths)",
        widths=(64, 32, 16, 10),
        expected=2778,
        rule="each pair of neighbours in widths is one layer with n * m + m parameters",
    )


@pytest.mark.exercise("00.1")
def test_takes_a_list(check):
    """must take a list as well as a tuple"""
    check("parameter_count([7, 5])", expected=40, rule="from 7 to 5 values: 35 weights and 5 biases")


@pytest.mark.exercise("00.1")
def test_learns_without_hidden_layers(check):
    """must count nothing where there is no second layer, and go on counting where there is"""
    check(
        "parameter_count((4,)), parameter_count((4, 1))",
        expected=(0, 5),
        parts=("one width", "two widths"),
        rule="parameters stand between layers: a single one has none",
    )


@pytest.mark.exercise("00.1")
def test_counts_layers_of_equal_widths(check):
    """must count each layer for itself, also where widths come again"""
    check(
        "parameter_count(widths)",
        widths=(5, 5, 5, 3),
        expected=78,
        rule="30, 30 and 18: a width is found by its place, not by its value",
    )
