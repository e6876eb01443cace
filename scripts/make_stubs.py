"""Make the learners' stubs from the reference: `python scripts/make_stubs.py`, or `--check` to compare only.

For maintainers. Each function that a `module.toml` names loses its body, to the last line and comment; its docstring
(the contract) and everything else stay byte for byte. What was made is noted in `tinytorch/_stubs.py`, by whose hashes
the loader recognizes an untouched stub. A file in `modules/` that is neither absent nor an untouched stub is never
overwritten.
"""

import argparse
import hashlib
import sys
from pathlib import Path
from typing import Any

from tito.course import Module, modules
from tito.stubs import make_stub

NOTED = "_stubs.py"


def noted(stubs: dict[str, str]) -> str:
    """Return the source of `tinytorch/_stubs.py` for these stubs by module name."""
    entries = "\n".join(_entry(module, stubs[module.name]) for module in modules())
    return f'''"""What the stub generator made; written by scripts/make_stubs.py, never by hand."""

from typing import NamedTuple


class Stub(NamedTuple):
    """What the loader has to know of a module."""

    number: str
    digest: str  # SHA-256 of the untouched stub
    opens_red: bool  # the untouched stub runs: it holds a wrong value instead of a raise
    exercises: dict[str, str]  # the function of each exercise
    hidden: tuple[str, ...]  # names that the reference has and the stub lacks


STUBS = {{
{entries}
}}
'''


def _entry(module: Module, stub: str) -> str:
    exercises = "".join(f'            "{e.id}": "{e.function}",\n' for e in module.exercises)
    hidden = "".join(f'"{name}", ' for name in module.hidden).strip()
    return (
        f'    "{module.name}": Stub(\n'
        f'        number="{module.number}",\n'
        f'        digest="{hashlib.sha256(stub.encode()).hexdigest()}",\n'
        f"        opens_red={any(e.starts_with for e in module.exercises)},\n"
        f"        exercises={{\n{exercises}        }},\n"
        f"        hidden=({hidden}),\n"
        f"    ),"
    )


def differing(root: Path) -> dict[Path, str]:
    """Return what has to be written to bring stubs and notes up to date: the new text by path."""
    package = root / "tinytorch"
    stubs = {m.name: make_stub(m, (package / f"{m.name}.py").read_text(encoding="utf-8")) for m in modules()}
    texts = {root / "modules" / m.folder.name / f"{m.name}.py": stubs[m.name] for m in modules()}
    texts[package / NOTED] = noted(stubs)
    return {path: text for path, text in texts.items() if not path.exists() or path.read_text(encoding="utf-8") != text}


def edited(path: Path, noted_stubs: dict[str, Any]) -> bool:
    """Return whether a file in modules/ holds somebody's work: it is there and isn't the stub that was noted for it."""
    if path.name == NOTED or not path.exists():
        return False
    stub = noted_stubs.get(path.stem)
    return stub is None or hashlib.sha256(path.read_bytes()).hexdigest() != stub.digest


def main() -> int:
    """Write or check; exit 1 if something differs (with --check) or was kept."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a stub differs")
    check = parser.parse_args().check
    from tinytorch._stubs import STUBS

    root = Path(__file__).resolve().parent.parent
    kept = False
    changes = differing(root)
    for path, text in changes.items():
        name = path.relative_to(root)
        if check:
            print(f"{name} differs from what the reference gives; run: python scripts/make_stubs.py")
        elif edited(path, STUBS):
            kept = True
            print(f"{name} was edited and stays; `tito reset` keeps a copy and brings the stub back", file=sys.stderr)
        else:
            path.write_text(text, encoding="utf-8", newline="\n")
            print(f"wrote {name}")
    if not changes:
        print(f"{len(modules())} stubs are what the reference gives")
    return 1 if kept or (check and changes) else 0


if __name__ == "__main__":
    sys.exit(main())
