"""Module 01: Einstein's summation convention.

Public parts: `einsum`, the operation, and what its gradient rule needs as well: `contract`, on arrays.

Two arrays are contracted as one stack of matrix products, so that BLAS does the work; np.einsum alone would loop.
"""

import functools
import math
import string
from collections.abc import Sequence

import numpy as np

from tinytorch.tensor import Array, Operand, Shape, Tensor, as_tensor, record


def einsum(subscripts: str, *operands: Operand | Sequence[Operand]) -> Tensor:
    """Multiply operands along named axes, and sum over the names that the result lacks.

    subscripts: a letter an axis: "ij,jk->ik" is a matrix product, "ii->i" a diagonal, "...ij->...ji" swaps the last two
        axes. Without "->" the result has the letters that stand there once, in the alphabet's order.
    Integers keep their dtype, also where they are summed (in PyTorch, sums of a single operand are int64).
    Raises ValueError for subscripts that don't fit the operands' shapes.
    Source: Einstein, "Die Grundlage der allgemeinen Relativitätstheorie" (1916), section 5.

    >>> a, b = Tensor([[1.0, 2.0], [3.0, 4.0]]), Tensor([10.0, 1.0])
    >>> einsum("ij,j->i", a, b), einsum("ii", a)
    (Tensor([12., 34.]), Tensor(5.))
    """
    if not isinstance(subscripts, str):
        raise TypeError(f'einsum wanted its subscripts as text, such as "ij,jk->ik", got {type(subscripts).__name__}')
    if len(operands) == 1 and isinstance(operands[0], list | tuple):  # as PyTorch takes them too
        operands = tuple(operands[0])
    tensors = tuple([as_tensor(operand) for operand in operands])  # type: ignore[arg-type]
    terms, output = explicit(subscripts, tuple([tensor.shape for tensor in tensors]))
    with np.errstate(over="ignore", invalid="ignore"):
        product = contract(terms, output, [tensor.data for tensor in tensors])
    return record(einsum, product, *tensors, terms=terms, output=output)


@functools.lru_cache(maxsize=256)
def explicit(subscripts: str, shapes: tuple[Shape, ...]) -> tuple[tuple[str, ...], str]:
    """Return a letter for each axis of each operand, and of the result; ValueError if they don't fit the shapes.

    >>> explicit("...i,i", ((2, 5, 3), (3,)))
    (('abi', 'i'), 'ab')
    """
    left, arrow, output = subscripts.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(shapes):
        raise ValueError(f"einsum {subscripts!r} wanted {len(terms)} operands, got {len(shapes)}")
    unused = [letter for letter in string.ascii_letters if letter not in subscripts]
    named = [len(term.replace("...", "")) for term in terms]
    widths = [
        len(shape) - count if "..." in term else 0 for term, count, shape in zip(terms, named, shapes, strict=True)
    ]
    dots = "".join(unused[: max([0, *widths])])  # the letters of the longest ellipsis; others have the last of them
    filled = [
        term.replace("...", dots[len(dots) - max(width, 0) :], 1) for term, width in zip(terms, widths, strict=True)
    ]
    if not arrow:
        once = sorted([letter for letter in set(left) - set(",.") if left.count(letter) == 1])
        output = dots + "".join(once)
    output = output.replace("...", dots, 1)
    _check(subscripts, filled, output, shapes)
    return tuple(filled), output


def contract(terms: Sequence[str], output: str, arrays: Sequence[Array]) -> Array:
    """Return the sum of products as an array; terms, output: a letter an axis, without an ellipsis.

    Lengths of 1 broadcast.
    """
    if len(arrays) == 2:
        return _contract_two(terms[0], terms[1], output, arrays[0], arrays[1])
    result: Array = np.einsum(f"{','.join(terms)}->{output}", *arrays, optimize=len(arrays) > 2)
    return result


def _check(subscripts: str, terms: Sequence[str], output: str, shapes: Sequence[Shape]) -> None:
    """Raise ValueError unless the terms fit the shapes and the output is made of their letters."""
    lengths: dict[str, int] = {}
    for term, shape in zip(terms, shapes, strict=True):
        if len(term) != len(shape) or not set(term) <= set(string.ascii_letters):
            raise ValueError(f"einsum {subscripts!r} wanted a letter an axis, got shapes {_listed(shapes)}")
        for letter, length in zip(term, shape, strict=True):
            known = lengths.setdefault(letter, length)
            if known == 1:
                lengths[letter] = length
            elif length not in (1, known):
                both = f"{known} and {length} long"
                raise ValueError(f"einsum {subscripts!r}: axis {letter!r} is {both} in the shapes {_listed(shapes)}")
    if len(set(output)) != len(output) or not set(output) <= lengths.keys():
        raise ValueError(f"einsum {subscripts!r} wanted a result of letters from the left, each once; got {output!r}")


def _contract_two(left: str, right: str, output: str, a: Array, b: Array) -> Array:
    """Contract two arrays: batch letters stand in both and in the output, summed ones in both and not in the output."""
    a, left = _without_lone_letters(a, left, right + output)
    b, right = _without_lone_letters(b, right, left + output)
    lengths = dict(zip(left, a.shape, strict=True))
    summed = [letter for letter in left if letter in right and letter not in output]
    if not summed or any(lengths.get(letter, length) != length for letter, length in zip(right, b.shape, strict=True)):
        return _einsum_two(left, right, output, a, b)
    lengths.update(zip(right, b.shape, strict=True))
    batch = [letter for letter in left if letter in right and letter in output]
    rows = [letter for letter in left if letter not in right]
    columns = [letter for letter in right if letter not in left]
    stacks, n, k, m = (math.prod([lengths[letter] for letter in group]) for group in (batch, rows, summed, columns))
    a_matrices = _in_order(a, left, batch + rows + summed).reshape(stacks, n, k)
    b_matrices = _in_order(b, right, batch + summed + columns).reshape(stacks, k, m)
    product = (a_matrices @ b_matrices).reshape([lengths[letter] for letter in batch + rows + columns])
    return _in_order(product, "".join(batch + rows + columns), output)


def _einsum_two(left: str, right: str, output: str, a: Array, b: Array) -> Array:
    result: Array = np.einsum(f"{left},{right}->{output}", a, b)
    return result


def _without_lone_letters(array: Array, term: str, others: str) -> tuple[Array, str]:
    """Sum over the letters that stand nowhere else, and take the diagonal of repeated ones."""
    kept = "".join([letter for letter in dict.fromkeys(term) if letter in others])
    return (array if kept == term else np.einsum(f"{term}->{kept}", array)), kept


def _in_order(array: Array, term: str, wanted: Sequence[str]) -> Array:
    return array.transpose([term.index(letter) for letter in wanted])


def _listed(shapes: Sequence[Shape]) -> str:
    return ", ".join([str(shape) for shape in shapes])
