"""Quantities as people type and read them: "450M", "2.5 MB", "3ms", "2 * 300 * 500 * 1500".

Public parts: `Kind`, `read`, `shown`, `ratio`.
"""

import ast
import math
import operator
import re
from collections.abc import Callable
from enum import StrEnum


class Kind(StrEnum):
    """What is measured, and so which units are understood."""

    FLOP = "FLOP"
    BYTES = "bytes"
    SECONDS = "seconds"


LONGEST = 200  # characters of a quantity
LARGEST = 1e30

_THOUSANDS = {
    "": 1.0,
    "k": 1e3,
    "K": 1e3,
    "M": 1e6,
    "G": 1e9,
    "T": 1e12,
    "thousand": 1e3,
    "million": 1e6,
    "billion": 1e9,
}
_FLOP = {f"{t}{unit}": n for t, n in _THOUSANDS.items() for unit in ("", "FLOP", "FLOPs", "FLOPS", "flop", "flops")}
_BYTES = {f"{t}{unit}": n for t, n in _THOUSANDS.items() for unit in ("", "B", "b", "bytes", "byte")}
_BINARY = {f"{t}i{unit}": 1024.0**power for power, t in enumerate("KMGT", start=1) for unit in ("B", "b", "")}
_SECONDS = {"": 1.0, "s": 1.0, "sec": 1.0, "seconds": 1.0, "min": 60.0}
_SECONDS |= {"ms": 1e-3, "us": 1e-6, "\N{MICRO SIGN}s": 1e-6, "\N{GREEK SMALL LETTER MU}s": 1e-6, "ns": 1e-9}
UNITS = {Kind.FLOP: _FLOP, Kind.BYTES: {**_BYTES, **_BINARY}, Kind.SECONDS: _SECONDS}
EXAMPLES = {
    Kind.FLOP: '"450M" or "2*300*500*1500"',
    Kind.BYTES: '"7 MB" or "4*1000*1750"',
    Kind.SECONDS: '"20ms" or "600 us"',
}

_PARTS = re.compile(r"(?P<number>.*[\d.)])\s*(?P<unit>[^\d.)(*/+-]*)", re.DOTALL)
_OPERATORS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def read(text: str, kind: Kind) -> float:
    """Return the number that a text means: a number or a sum of products, then a unit of `kind`, or none.

    Raises ValueError for what isn't one, is not above zero, or is in a unit of another kind.
    """
    found = _PARTS.fullmatch(text.strip()[:LONGEST])
    unit = "".join(found["unit"].split()) if found else text
    if found is None or unit not in UNITS[kind]:
        raise ValueError(f"{text.strip()!r} is no number of {kind}; wanted for example {EXAMPLES[kind]}")
    try:
        number = _value(ast.parse(found["number"].strip(), mode="eval").body) * UNITS[kind][unit]
    except (SyntaxError, ValueError, ZeroDivisionError, OverflowError, RecursionError, MemoryError):
        raise ValueError(f"{text.strip()!r} can't be computed; wanted for example {EXAMPLES[kind]}") from None
    if not 0 < number < LARGEST:
        raise ValueError(f"{text.strip()!r} is {number:g} {kind}; wanted a number above 0")
    return number


def shown(number: float, kind: Kind) -> str:
    """Return a number with three digits and the unit that suits it: "29.3 MFLOP", "181 kB", "0.62 ms"."""
    if kind is Kind.SECONDS:
        unit, size = next(((u, s) for u, s in (("s", 1.0), ("ms", 1e-3)) if number >= s), ("µs", 1e-6))
    else:
        letter, size = next(((u, _THOUSANDS[u]) for u in "TGMk" if number >= _THOUSANDS[u] * 0.9995), ("", 1.0))
        unit = letter + ("B" if kind is Kind.BYTES else "FLOP")
        unit = "bytes" if unit == "B" else unit
    return f"{_three_digits(number / size)} {unit}"


def ratio(number: float) -> str:
    """Return a ratio with two digits and no exponent: "1.3", "0.00012"; of a large one what is whole: "1,300"."""
    if number >= 10:
        return f"{number:,.0f}"
    return f"{number:.{max(1, 1 - math.floor(math.log10(number)))}f}"


def _three_digits(number: float) -> str:
    if number == 0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(number)))
    text = f"{number:.{min(digits, 9)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _value(node: ast.expr) -> float:
    """Return what a formula of numbers, + - * / and brackets gives; nothing else is computed."""
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
        return float(node.value)
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        return _OPERATORS[type(node.op)](_value(node.left), _value(node.right))
    raise ValueError
