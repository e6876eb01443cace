"""Whether there is a GPU, for PyTorch's scripts that ask: `device("cuda" if cuda.is_available() else "cpu")`."""


def is_available() -> bool:
    """Return False: all is computed by the processor."""
    return False
