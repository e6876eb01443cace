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
        digest="b7772775a3285bc85bfd8eeec2743dd44e2f49fa60b44e4271fa38850c0bfd17",
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
        digest="b95ed57a4c537aa2439f3ff4dc69e1feeeebaefeaf57d90c1a2df85775060559",
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
