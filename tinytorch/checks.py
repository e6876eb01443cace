"""What more than one module asks about the numbers that it is given.

Public parts: `at_least_one`.
"""

import numpy as np


def at_least_one(name: str, value: int) -> int:
    """Return the value as an integer; 10.0 is one too. Raises ValueError unless it is one from 1 on."""
    if not isinstance(value, int | float | np.integer) or not value >= 1 or value % 1:
        raise ValueError(f"{name} must be an integer from 1 on, got {value!r:.80}")
    return int(value)
