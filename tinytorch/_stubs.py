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
        digest="e2f6300dd29a2afd7918e07f068eafd353ad7ee55bbe688e995ddaccf4669ade",
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
        digest="38920521886d23dce7767a63682bce29ea9d3c45b9b6e8acba051e1e6aff8588",
        opens_red=False,
        exercises={
            "05.1": "multiply_vjp",
            "05.2": "matmul_vjp",
            "05.3": "sum_to_shape",
        },
        hidden=(),
    ),
}
