"""Choose which code runs: what the learner has built is used, and the reference fills in the rest.

Public parts: `install` (called once by the package), `exercise_states`, `failures`, `yours`, and the paths.

For `import tinytorch.NAME` a finder looks at `modules/NN_NAME/NAME.py`. An untouched stub is recognized by its hash and the
reference is imported plainly. Otherwise the learner's file is compiled with the reference's functions in the unbuilt places
(`_splice.py`). A file that can't be read, parsed or imported is replaced whole by the reference, with one line that says so.
Without a `modules/` folder beside the package (an installed wheel) there is nothing to choose.
"""

import hashlib
import importlib.machinery
import importlib.util
import marshal
import os
import re
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from pathlib import Path
from types import CodeType, ModuleType
from typing import Literal, NamedTuple

from tinytorch._stubs import STUBS, Stub

PACKAGE = Path(__file__).parent
ROOT = PACKAGE.parent
MODULES = ROOT / "modules"
MEMORY = ROOT / ".tito"  # what the course remembers about this workspace; ignored by git
ASIDE = MEMORY / "aside"  # one module number a line: `tito use reference NN`

State = Literal["built", "unbuilt", "open", "missing", "broken", "aside"]


class Failure(NamedTuple):
    """Why a learner's file can't be used."""

    path: Path
    line: int
    error: str

    def __str__(self) -> str:
        return f"{shown(self.path)}:{self.line}: {self.error}"


failures: dict[str, Failure] = {}  # by the module's name, for what this process tried to import


def shown(path: Path) -> str:
    """Return a path as a learner reads it: from the workspace's root, with forward slashes."""
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else str(path)


def stub_path(name: str) -> Path:
    """Return the learner's file of a module ("tensor")."""
    return MODULES / f"{STUBS[name].number}_{name}" / f"{name}.py"


def reference_mode() -> bool:
    """Return whether TINYTORCH=reference sets everything of the learner's aside, or no workspace is there."""
    mode = os.environ.get("TINYTORCH", "")
    if mode not in ("", "reference"):
        raise ImportError(f"TINYTORCH is {mode!r}: wanted 'reference' or nothing; unset it or correct it")
    return mode == "reference" or not MODULES.is_dir()


def set_aside() -> set[str]:
    """Return the numbers of the modules that `tito use reference` has set aside."""
    try:
        return set(ASIDE.read_text(encoding="utf-8").split())
    except FileNotFoundError:
        return set()


def exercise_states(name: str) -> dict[str, State]:
    """Return the state of each exercise of a module by its id, read from the learner's file as it is now.

    "built": the function is there and its raise is gone; "unbuilt": the raise still stands; "open": the untouched stub holds a
    wrong value (00's way to open red); "missing": the function isn't in the file; "broken": the file can't be used; "aside": the
    learner asked for the reference.
    """
    stub = STUBS[name]
    if reference_mode() or stub.number in set_aside():
        return dict.fromkeys(stub.exercises, "aside")
    if name in failures:
        return dict.fromkeys(stub.exercises, "broken")
    try:
        source = stub_path(name).read_bytes()
    except FileNotFoundError:
        return dict.fromkeys(stub.exercises, "missing")
    except OSError:
        return dict.fromkeys(stub.exercises, "broken")
    if hashlib.sha256(source).hexdigest() == stub.digest:
        return dict.fromkeys(stub.exercises, "open" if stub.opens_red else "unbuilt")
    return _states_in(source, stub.exercises)


def _states_in(source: bytes, exercises: dict[str, str]) -> dict[str, State]:
    import ast  # only where a file was touched: an untouched workspace never loads the parser

    from tinytorch._splice import functions, unbuilt_id

    try:
        found = functions(ast.parse(source))
    except (SyntaxError, ValueError, RecursionError):
        return dict.fromkeys(exercises, "broken")
    states: dict[str, State] = {}
    for exercise, function in exercises.items():
        node = found.get(function)
        states[exercise] = "missing" if node is None else "unbuilt" if unbuilt_id(node) else "built"
    return states


def yours() -> str:
    """Return the line that says what runs: "yours: 01 2/3, 05 1/3; the rest is the reference"."""
    if reference_mode():
        return "reference mode: the reference runs, nothing of yours" if MODULES.is_dir() else "the reference runs"
    parts, notes = [], []
    for name, stub in STUBS.items():
        states = list(exercise_states(name).values())
        if built := states.count("built"):
            parts.append(f"{stub.number} {built}/{len(states)}")
        if "broken" in states:
            notes.append(f"{stub.number} can't be used")
        elif "aside" in states:
            notes.append(f"{stub.number} is set aside")
    mine = f"yours: {', '.join(parts)}; the rest is the reference" if parts else "nothing of yours yet: the reference runs"
    return "; ".join([mine, *notes])


def install() -> None:
    """Put the finder before Python's own, unless the reference was asked for or there is no workspace."""
    if not reference_mode() and not any(isinstance(finder, Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, Finder(set_aside()))


class Finder(MetaPathFinder):
    """Finds `tinytorch.NAME` in the learner's file where that differs from the untouched stub."""

    def __init__(self, aside: set[str]) -> None:
        self.aside = aside

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Return a spec for the mixed module, or None to let Python import the reference."""
        package, _, name = fullname.partition(".")
        stub = STUBS.get(name) if package == "tinytorch" else None
        if stub is None or stub.number in self.aside:
            return None
        mine = stub_path(name)
        try:
            source = mine.read_bytes()
        except FileNotFoundError:
            _say(f"{shown(mine)} is not there: the reference runs in its place; `tito reset {stub.number}` brings the stub back")
            return None
        except OSError as error:
            _fail(name, Failure(mine, 1, f"{type(error).__name__}: {error.strerror}"))
            return None
        if _untouched(source, stub):
            return None
        loader = MixedLoader(fullname, str(mine), source)
        return importlib.util.spec_from_file_location(fullname, str(mine), loader=loader)


class MixedLoader(importlib.machinery.SourceFileLoader):
    """Loads a learner's file with the reference in its unbuilt places."""

    def __init__(self, fullname: str, path: str, source: bytes) -> None:
        super().__init__(fullname, path)
        self.short_name = fullname.rpartition(".")[2]
        self.source = source
        self.reference = PACKAGE / f"{self.short_name}.py"

    def get_code(self, fullname: str) -> CodeType:
        """Return the mixed code, from the cache where both files and this loader are what they were."""
        reference = self.reference.read_bytes()
        parts = (self.source, reference, self.path.encode(), *(f.read_bytes() for f in (Path(__file__), PACKAGE / "_splice.py")))
        key = importlib.util.MAGIC_NUMBER + b"".join(hashlib.sha256(part).digest() for part in parts)
        cache = Path(importlib.util.cache_from_source(self.path) + ".mixed")
        code = _cached(cache, key)
        if code is None:
            from tinytorch._splice import fill_in

            hidden = STUBS[self.short_name].hidden
            code = fill_in(self.source, self.path, reference, str(self.reference), hidden)
            _keep(cache, key, code)
        return code

    def exec_module(self, module: ModuleType) -> None:
        """Run the mixed module; where that fails, say so in one line and run the reference instead."""
        identity = dict(module.__dict__)
        try:
            super().exec_module(module)
            self._name_the_absent()
        except (Exception, SystemExit) as error:  # any error of the learner's file, reported below and in its own tests
            _fail(self.short_name, Failure(Path(self.path), _line(error, self.path), _one_line(error)))
            module.__dict__.clear()
            module.__dict__.update(identity, __file__=str(self.reference))
            plain = importlib.machinery.SourceFileLoader(self.name, str(self.reference))
            plain.exec_module(module)

    def _name_the_absent(self) -> None:
        """Say which exercises the learner's file no longer has; a regular expression decides whether to look closer."""
        exercises = STUBS[self.short_name].exercises
        text = self.source.decode("utf-8", "replace")
        absent = [e for e, f in exercises.items() if not re.search(rf"\bdef\s+{f.rpartition('.')[2].partition('@')[0]}\b", text)]
        if absent:
            names = ", ".join(f"{e} {exercises[e]}" for e in absent)
            _say(f"{shown(Path(self.path))} has no {names}: the reference's runs; `tito reset {absent[0]}` brings the stub back")


def _untouched(source: bytes, stub: Stub) -> bool:
    return not stub.opens_red and hashlib.sha256(source).hexdigest() == stub.digest


def _cached(cache: Path, key: bytes) -> CodeType | None:
    try:
        content = cache.read_bytes()
        return marshal.loads(memoryview(content)[len(key) :]) if content.startswith(key) else None
    except (OSError, EOFError, ValueError, TypeError):
        return None  # no cache, or a damaged one: it is written anew


def _keep(cache: Path, key: bytes, code: CodeType) -> None:
    """Write the cache for the next process; a folder that can't be written costs some milliseconds an import, no more."""
    if sys.dont_write_bytecode:
        return
    temporary = cache.with_suffix(f".{os.getpid()}")
    try:
        cache.parent.mkdir(exist_ok=True)
        temporary.write_bytes(key + marshal.dumps(code))
        temporary.replace(cache)
    except OSError:
        temporary.unlink(missing_ok=True)


def _fail(name: str, failure: Failure) -> None:
    failures[name] = failure
    _say(f"{failure} - the reference runs in place of this file")


def _say(message: str) -> None:
    print(f"tinytorch: {message}", file=sys.stderr)


def _one_line(error: BaseException) -> str:
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    return f"{type(error).__name__}: {' '.join(text.split())}" if text else type(error).__name__


def _line(error: BaseException, path: str) -> int:
    """Return the line of the learner's file at which the error arose: the innermost of its frames."""
    if isinstance(error, SyntaxError) and error.filename == path:
        return error.lineno or 1
    line, trace = 1, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == path:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
