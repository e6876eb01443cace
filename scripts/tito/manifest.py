"""A manifest's tables, made into dataclasses; what is wrong in one is said with its place.

Public parts: `WrongManifest`, `entries`, `check_names`. Standard library alone.
"""

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, fields
from typing import Any

KINDS: dict[str, tuple[type, str]] = {  # by a field's type: what TOML has for it, and how that is called
    "str": (str, "a text"),
    "int": (int, "a number"),
    "tuple": (list, "a list of texts"),
}


class WrongManifest(ValueError):
    """A `module.toml` doesn't say what it has to; the message names the entry."""


def entries(table: dict[str, Any], key: str, kind: type, where: str) -> Iterator[Any]:
    """Take the entries `[[key]]` out of a manifest, and yield each as a `kind`, whose lists are tuples.

    Raises WrongManifest for a name or a value that `kind` doesn't know.
    """
    found = table.pop(key, [])
    if not isinstance(found, list):
        raise WrongManifest(f"{where}: {key} has to be written as [[{key}]], found {found!r}")
    for count, entry in enumerate(found, 1):
        place = f"{where}: [[{key}]] {count}"
        if not isinstance(entry, dict):
            raise WrongManifest(f"{place}: wanted a table, found {entry!r}")
        check_names(entry, kind, place)
        values = {f.name: _value(entry[f.name], f, place) for f in fields(kind) if f.name in entry}
        yield kind(**values)


def check_names(entry: Mapping[str, object], kind: type, where: str) -> None:
    """Raise WrongManifest for a name that an entry lacks, or has and nobody reads."""
    needed = {f.name: f.default is MISSING for f in fields(kind)}
    for name in needed:
        if needed[name] and name not in entry:
            raise WrongManifest(f"{where}: {name} is missing")
    for name in entry:
        if name not in needed:
            raise WrongManifest(f"{where}: {name} is unknown; there are {', '.join(needed)}")


def _value(value: object, field: "Field[Any]", where: str) -> object:
    """Return an entry's value as the field has it. Raises WrongManifest."""
    wanted, called = KINDS[getattr(field.type, "__name__", "")]
    texts = value if isinstance(value, list) else [value]
    empty = field.default is MISSING and value in ("", [])
    if not isinstance(value, wanted) or empty or (wanted is list and not all(isinstance(t, str) and t for t in texts)):
        raise WrongManifest(f"{where}: {field.name} has to be {called}, found {value!r}")
    return tuple(value) if isinstance(value, list) else value
