"""Module 00: the loop of this course, shown on one small function.

Public parts: `parameter_count`, which the digits milestone prints beside the true number of its network's parameters.
"""

from collections.abc import Sequence
from itertools import pairwise


def parameter_count(widths: Sequence[int]) -> int:
    """Return how many numbers a fully connected network learns.

    widths: the length of each layer's vectors, from the input to the output, such as (64, 32, 10).
    Between a layer of n values and the next of m there are n * m weights, and m biases.

    >>> parameter_count((2, 3, 1))
    13
    """
    return sum(n * m + m for n, m in pairwise(widths))
