"""Module 01: what `x.size` is: NumPy's number of elements, which PyTorch's scripts call.

Public parts: `Size`.
"""


class Size(int):
    """A number of elements. Called as in PyTorch, it answers with lengths: `x.size()` is x.shape, `x.size(0)` len(x).

    >>> size = Size(6).of((2, 3))
    >>> size, size(), size(-1)
    (6, (2, 3), 3)
    """

    shape: tuple[int, ...]

    def of(self, shape: tuple[int, ...]) -> "Size":
        """Note the shape whose elements these are; return self."""
        self.shape = shape
        return self

    def __call__(self, dim: int | None = None) -> int | tuple[int, ...]:
        """Return the shape, or the length of one axis; IndexError for an axis that isn't there."""
        if dim is None:
            return self.shape
        try:
            return self.shape[dim]
        except IndexError:
            raise IndexError(f"size wanted an axis of {self.shape}, got {dim}") from None
