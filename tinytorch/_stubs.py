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
        digest="a7293767f5dfe3c01e0830367973f6c483fa122a1ff670141530988a4811a04a",
        opens_red=False,
        exercises={
            "01.1": "Tensor.__add__",
            "01.2": "Tensor.__matmul__",
            "01.3": "Tensor.sum",
            "01.4": "as_tensor",
            "01.5": "check_broadcast",
            "01.6": "Tensor.mean",
            "01.7": "var",
            "01.8": "matmul_vector",
            "01.9": "transpose",
            "01.10": "concatenate",
        },
        hidden=(),
    ),
    "autograd": Stub(
        number="05",
        digest="30a8d7d8912bcf81fb19e351e2a12204d18badc14f6a6af3c76732738ab4f533",
        opens_red=False,
        exercises={
            "05.1": "multiply_vjp",
            "05.2": "matmul_vjp",
            "05.3": "sum_to_shape",
            "05.4": "sum_vjp",
            "05.5": "transpose_vjp",
            "05.6": "newest_first",
            "05.7": "seed_gradient",
            "05.8": "accumulate",
            "05.9": "backward",
            "05.10": "no_grad.__exit__",
        },
        hidden=(),
    ),
}
