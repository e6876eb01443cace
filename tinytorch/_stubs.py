"""What the stub generator made; written by scripts/make_stubs.py, never by hand."""

from typing import NamedTuple


class Stub(NamedTuple):
    """What the loader has to know of a module."""

    number: str
    digest: str  # SHA-256 of the untouched stub
    opens_red: bool  # the untouched stub runs: it holds a wrong value instead of a raise
    exercises: dict[str, str]  # the function of each exercise
    hidden: tuple[str, ...]  # names that the reference has and the stub lacks


STUBS = {
    "setup": Stub(
        number="00",
        digest="75779e1f827ca156abdf653421fbb86a0c8c532e6f269139010bfc87dbfa8ee7",
        opens_red=True,
        exercises={
            "00.1": "parameter_count",
        },
        hidden=(),
    ),
    "tensor": Stub(
        number="01",
        digest="9bc1010543960db0b6d41ef2ac8c3e231413d5f4cab178e189539f2b98c726f2",
        opens_red=False,
        exercises={
            "01.1": "Tensor.__add__",
            "01.2": "Tensor.__matmul__",
            "01.3": "Tensor.sum",
        },
        hidden=(),
    ),
    "autograd": Stub(
        number="05",
        digest="5eed939d38a58f29c7874642098d77f10506f3865766b8797bad71533a739038",
        opens_red=False,
        exercises={
            "05.1": "multiply_vjp",
            "05.2": "matmul_vjp",
            "05.3": "sum_to_shape",
        },
        hidden=(),
    ),
}
