"""Choose which code runs: what the learner has built is used, and the reference fills in the rest.

Public parts: `install` (called once by the package), `exercise_states`, `failures`, `yours`, and the paths.

For `import tinytorch.NAME` a finder looks at `modules/NN_NAME/NAME.py`. An untouched stub is recognized by its hash,
and the reference is imported plainly. Otherwise the learner's file is compiled with the reference's functions in the
unbuilt places (`_splice.py`) and kept in a cache that goes by the contents of both. A file that can't be read, parsed
or imported is replaced whole by the reference, with one line that says so.
Without a `modules/` folder beside the package (an installed wheel) there is nothing to choose.
"""

import contextlib
import hashlib
import importlib.machinery
import importlib.util
import marshal
import os
import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from types import CodeType, ModuleType
from typing import TYPE_CHECKING, Literal, NamedTuple

from tinytorch._stubs import STUBS, Stub

if TYPE_CHECKING:  # an untouched workspace never loads the parser
    from tinytorch._splice import Mixed

PACKAGE = Path(__file__).parent
ROOT = PACKAGE.parent
MODULES = ROOT / "modules"
MEMORY = ROOT / ".tito"  # what the course remembers about this workspace; ignored by git
ASIDE = MEMORY / "aside"  # one module number a line: `tito use reference NN`

LONGEST_ERROR = 300  # characters of an error's text that a notice shows

State = Literal["built", "unbuilt", "open", "missing", "broken", "aside"]


class Failure(NamedTuple):
    """Why a learner's file can't be used."""

    path: Path
    line: int
    error: str

    def __str__(self) -> str:
        return f"{shown(self.path)}:{self.line}: {self.error}"


failures: dict[str, Failure] = {}  # by the module's name, for what this process tried to import
_states: dict[tuple[str, bytes], dict[str, State]] = {}  # by module and content, for what this process parsed or loaded


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
    return mode == "reference" or not _is_workspace()


def _is_workspace() -> bool:
    """Return whether a module's folder lies beside the package; just any `modules/` in site-packages doesn't count."""
    return any(stub_path(name).parent.is_dir() for name in STUBS)


def set_aside() -> set[str]:
    """Return the numbers of the modules that `tito use reference` has set aside; none where the list can't be read."""
    try:
        return set(ASIDE.read_text(encoding="utf-8", errors="replace").split())
    except OSError:
        return set()


def exercise_states(name: str) -> dict[str, State]:
    """Return the state of each exercise of a module by its id, read from the learner's file as it is now.

    "built": the function is there and its raise is gone; "unbuilt": the raise still stands; "open": the untouched stub
    holds a wrong value (00's way to open red); "missing": the function isn't in the file; "broken": the file can't be
    used; "aside": the learner asked for the reference.
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
    if _untouched(source, stub):
        return dict.fromkeys(stub.exercises, "open" if stub.opens_red else "unbuilt")
    if (name, source) not in _states:
        _states[name, source] = _states_in(source, stub.exercises)
    return dict(_states[name, source])


def _states_in(source: bytes, exercises: dict[str, str]) -> dict[str, State]:
    from tinytorch import _splice

    try:
        return {**_splice.states(_splice.parse(source), exercises)}
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return dict.fromkeys(exercises, "broken")


def yours(read: Collection[str] = ()) -> str:
    """Return the line that says what runs: "yours: 01 2/3, 05 1/3 typed; the rest is the reference".

    What is typed is used, right or wrong: that is for the tests to say.

    read: exercises that hold the reference's own body, put in for the learner; they are named, and don't count.
    """
    if reference_mode():
        return "reference mode: the reference runs, nothing of yours" if _is_workspace() else "the reference runs"
    parts, notes = [], []
    for name, stub in STUBS.items():
        found = exercise_states(name)
        states = ["read" if id in read and state == "built" else state for id, state in found.items()]
        if built := states.count("built"):
            parts.append(f"{stub.number} {built}/{len(states)}")
        if "broken" in states:
            notes.append(f"{stub.number} can't be used")
        elif "aside" in states:
            notes.append(f"{stub.number} is set aside")
        notes += [f"{id} is read, not built" for id, state in zip(found, states, strict=True) if state == "read"]
    rest = "the rest is the reference" if parts else "nothing of yours yet: the reference runs"
    return "; ".join([*([f"yours: {', '.join(parts)} typed"] if parts else []), rest, *notes])


def install() -> None:
    """Put the finder before Python's own, unless the reference was asked for or there is no workspace."""
    sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__module__ != __name__]  # after a reload
    if not reference_mode():
        sys.meta_path.insert(0, Finder())


class Finder:
    """Finds `tinytorch.NAME` in the learner's file where that differs from the untouched stub."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Return a spec for the learner's file, or None to let Python import the reference."""
        package, _, name = fullname.partition(".")
        stub = STUBS.get(name) if package == "tinytorch" else None
        if stub is None:
            return None
        failures.pop(name, None)
        source = None if stub.number in set_aside() else _read(name)
        if source is None or (_untouched(source, stub) and not stub.opens_red):
            return None
        mine = str(stub_path(name))
        loader = None if _untouched(source, stub) else MixedLoader(fullname, mine, source)  # None: Python's own
        return importlib.util.spec_from_file_location(fullname, mine, loader=loader)


class MixedLoader(importlib.machinery.SourceFileLoader):
    """Loads a learner's file with the reference in its unbuilt places."""

    def __init__(self, fullname: str, path: str, source: bytes) -> None:
        super().__init__(fullname, path)
        self.short_name = fullname.rpartition(".")[2]
        self.source = source
        self.reference = PACKAGE / f"{self.short_name}.py"

    def get_code(self, fullname: str) -> CodeType:
        """Return the mixed code; this is how `python -m tinytorch.NAME` asks for it."""
        return self._mixed()[0]

    def exec_module(self, module: ModuleType) -> None:
        """Run the mixed module; where that fails, say so in one line and run the reference instead."""
        pristine, loaded = dict(module.__dict__), set(sys.modules)
        try:
            code, states, names = self._mixed()
            self._introduce_reference()
            exec(code, module.__dict__)
            _check_complete(module, names)
        except (Exception, SystemExit) as error:  # whatever it is, it is reported below and by the tests of this file
            _fail(self.short_name, _failure(error, Path(self.path)))
            self._run_reference(module, pristine, loaded)
        else:
            _states[self.short_name, self.source] = {**states}
            self._name_the_missing([exercise for exercise, state in states.items() if state == "missing"])

    def _introduce_reference(self) -> None:
        """Run nothing in the reference's name, for coverage.py.

        It decides once for each file name, and takes what runs for the globals' `__file__` if the last parts agree: the
        filled-in functions' lines would be counted in the learner's file.
        """
        exec(compile("", str(self.reference), "exec"), {"__name__": self.name, "__file__": str(self.reference)})

    def _mixed(self) -> "Mixed":
        """Return the mixed module, from the cache where both files and this loader are what they were."""
        reference = self.reference.read_bytes()
        stub = STUBS[self.short_name]
        parts = (os.fsencode(self.path), self.source, reference, repr(stub).encode(), _loader_source())
        key = importlib.util.MAGIC_NUMBER + b"".join(hashlib.sha256(part).digest() for part in parts)
        cache = Path(importlib.util.cache_from_source(self.path) + ".mixed")
        kept = _cached(cache, key)
        if kept is not None:
            return kept
        from tinytorch._splice import fill_in

        mixed = fill_in(self.source, self.path, reference, str(self.reference), stub.exercises, stub.hidden)
        _keep(cache, key, mixed)
        return mixed

    def _run_reference(self, module: ModuleType, pristine: dict[str, object], loaded: set[str]) -> None:
        """Run the reference in the module, from which everything of the failed run goes.

        pristine: the module's names before that run.
        loaded: the modules before it. What it imported of this package holds on to its classes, and is imported anew.
        """
        for name in set(sys.modules) - loaded:
            if name.startswith("tinytorch.") and not name.startswith("tinytorch._"):
                del sys.modules[name]
        loader = importlib.machinery.SourceFileLoader(self.name, str(self.reference))
        spec = importlib.util.spec_from_file_location(self.name, self.reference, loader=loader)
        module.__dict__.clear()
        module.__dict__.update(pristine, __file__=loader.path, __cached__=spec and spec.cached, __loader__=loader)
        loader.exec_module(module)
        module.__spec__ = spec

    def _name_the_missing(self, missing: list[str]) -> None:
        if missing:
            exercises = STUBS[self.short_name].exercises
            names = ", ".join(f"{exercise} {exercises[exercise]}" for exercise in missing)
            back = f"`tito reset {missing[0]}` brings the stub back"
            _say(f"{shown(Path(self.path))} has no {names}: the reference's runs; {back}")


def _read(name: str) -> bytes | None:
    """Return the learner's file; where that can't be, say so and return None."""
    mine = stub_path(name)
    try:
        return mine.read_bytes()
    except FileNotFoundError:
        number = STUBS[name].number
        _say(f"{shown(mine)} is not there: the reference runs in its place; `tito reset {number}` brings the stub back")
    except OSError as error:
        _fail(name, Failure(mine, 1, f"{type(error).__name__}: {error.strerror}"))
    return None


def _untouched(source: bytes, stub: Stub) -> bool:
    return hashlib.sha256(source.replace(b"\r\n", b"\n")).hexdigest() == stub.digest


def _check_complete(module: ModuleType, names: Sequence[str]) -> None:
    """Raise NameError if a name is absent that the other modules may import: deleted, or bound on a path not taken."""
    absent = [name for name in names if name not in module.__dict__]
    if absent:
        raise NameError(f"{', '.join(absent)} should be there after the import")


def _loader_source() -> bytes:
    return Path(__file__).read_bytes() + (PACKAGE / "_splice.py").read_bytes()


def _cached(cache: Path, key: bytes) -> "Mixed | None":
    """Return what `_keep` wrote for this key, or None if there is no such cache or it is damaged."""
    try:
        content = cache.read_bytes()
    except OSError:
        return None
    start = len(key) + hashlib.sha256().digest_size
    code = content[start:]
    intact = content[:start] == key + hashlib.sha256(code).digest()
    return tuple(marshal.loads(code)) if intact else None


def _keep(cache: Path, key: bytes, mixed: "Mixed") -> None:
    """Write the cache for the next process; where that can't be, an import costs some milliseconds, no more."""
    if sys.dont_write_bytecode:
        return
    code = marshal.dumps(mixed)
    temporary = cache.with_suffix(f".{os.getpid()}")
    try:
        cache.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(key + hashlib.sha256(code).digest() + code)
        temporary.replace(cache)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink()


def _fail(name: str, failure: Failure) -> None:
    failures[name] = failure
    _say(f"{failure} - the reference runs in place of this file")


def _say(message: str) -> None:
    print(f"tinytorch: {message}", file=sys.stderr)


def _failure(error: BaseException, path: Path) -> Failure:
    """Return why a learner's file failed, with its innermost line that took part."""
    text = " ".join((error.msg if isinstance(error, SyntaxError) else str(error)).split())
    said = f"{type(error).__name__}: {text[:LONGEST_ERROR]}" if text else type(error).__name__
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return Failure(path, error.lineno or 1, said)
    line, trace = 1, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(path):
            line = trace.tb_lineno
        trace = trace.tb_next
    from tinytorch._splice import LINES_APART

    if line > LINES_APART:  # a statement of the reference's, filled in
        return Failure(path, 1, f"{said} (at {shown(PACKAGE / path.name)}:{line - LINES_APART})")
    return Failure(path, line, said)
