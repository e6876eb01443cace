"""Module 01: NumPy's dtypes by PyTorch's names, shapes, and the only device.

Public parts: `float16`, `float32`, `float64` (also `half`, `float`, `double`), `int8` to `int64` and `uint8` (also
`short`, `int`, `long`), `bool`; `Size`, which shapes are: tuples; `device`.

`from tinytorch import *` leaves out `bool`, `float` and `int`, which are Python's own there.
"""

from typing import Any

import numpy as np

half = float16 = np.float16
float = float32 = np.float32
double = float64 = np.float64
int8, uint8 = np.int8, np.uint8
short = int16 = np.int16
int = int32 = np.int32
long = int64 = np.int64
bool = np.bool
Size: type[tuple[Any, ...]] = tuple


class device(str):
    """Where tensors are: always `device("cpu")`, which is the text "cpu". RuntimeError for another place.

    >>> device("cpu").type
    'cpu'
    """

    __slots__ = ()

    def __new__(cls, name: str = "cpu") -> "device":
        """Check the name."""
        if name != "cpu":
            raise RuntimeError(f'device wanted "cpu", where all is computed, got {name!r}')
        return super().__new__(cls, name)

    @property
    def type(self) -> str:
        """The kind of device."""
        return str(self)
