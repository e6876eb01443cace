"""What more than one module asks about the numbers that it is given.

Public parts: `at_least_one`, `number`.
"""

from typing import Any

import numpy as np


def at_least_one(name: str, value: int) -> int:
    """Return the value as an integer; 10.0 is one too. Raises ValueError unless it is one from 1 on."""
    if not isinstance(value, int | float | np.integer) or not value >= 1 or value % 1:
        raise ValueError(f"{name} must be an integer from 1 on, got {value!r:.80}")
    return int(value)


def number(value: Any, what: str) -> float:
    """Return a number as Python's, so that it takes the dtype of what it is computed with; TypeError for another kind.

    what: how an error calls it, such as "elu's alpha".
    """
    if type(value) is float or type(value) is int:
        return value
    if not isinstance(value, bool | int | float | np.number):
        raise TypeError(f"{what} wanted a number, got {value!r:.60}")
    return float(value)
