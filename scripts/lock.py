"""Renew requirements.lock from pyproject.toml, or say whether the two still fit. For maintainers.

    python scripts/lock.py              write the lock anew; versions stay where they still fit
    python scripts/lock.py --upgrade    the same, with the newest versions
    python scripts/lock.py --check      say what does not fit, offline; exit code 1 where something does not
    python scripts/lock.py --lacking    name what this Python lacks of the lock (asked by workspace_setup.py)

Run it in the course's environment. The first two need uv, which is no part of it: `pipx install uv`, or
`python -m pip install uv` in an environment of its own with its `bin` on the PATH.

The lock is one file for Linux on x86_64 and aarch64 and macOS, Python 3.11 to 3.13: each line's marker says where it
applies. `--check` looks at what pyproject.toml asks for itself, not at what those packages ask for in turn.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from setup_state import LOCK, OPTIONAL, ROOT, is_installed_here

HEADER = (
    "# Every package of the course's environment, with hashes. Written by scripts/lock.py: change pyproject.toml.\n"
)
COMPILE = [
    "pip",
    "compile",
    "pyproject.toml",
    "--extra",
    "course",
    "--universal",
    "--python-version",
    "3.11",
    "--quiet",
]
PLAIN = ["--generate-hashes", "--no-emit-index-url", "--no-emit-find-links", "--no-header"]
PYTHONS = ("3.11", "3.12", "3.13")
MACHINES = (("linux", "x86_64"), ("linux", "aarch64"), ("darwin", "arm64"), ("darwin", "x86_64"))
ASKED_BY_US = "tinytorch (pyproject.toml)"


def main() -> int:
    """Do what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_mutually_exclusive_group()
    for verb in ("--upgrade", "--check", "--lacking"):
        verbs.add_argument(verb, action="store_true")
    asked = parser.parse_args()
    if asked.lacking:
        print(*lacking(), sep="\n")
        return 0
    if not asked.check:
        renew(["--upgrade"] if asked.upgrade else [])
    return report(problems(LOCK.read_text("utf-8"), (ROOT / "pyproject.toml").read_text("utf-8")))


def report(found: list[str]) -> int:
    """Print what does not fit and return the exit code."""
    for problem in found:
        print(problem)
    print(
        "requirements.lock does not fit: python scripts/lock.py" if found else "requirements.lock fits pyproject.toml"
    )
    return 1 if found else 0


# ---- writing


def renew(options: list[str]) -> None:
    """Have uv write the lock, starting from the versions that are in it."""
    uv = shutil.which("uv")
    if uv is None:
        sys.exit("uv is not on the PATH. To get it: pipx install uv   (or see the top of scripts/lock.py)")
    with tempfile.TemporaryDirectory() as folder:
        new = Path(folder) / LOCK.name
        if LOCK.exists():
            shutil.copy(LOCK, new)
        subprocess.run(
            [uv, *COMPILE, *PLAIN, *options, "--output-file", new], cwd=ROOT, check=True, stdout=subprocess.DEVNULL
        )
        LOCK.write_text(HEADER + new.read_text("utf-8").removeprefix(HEADER), "utf-8")


# ---- reading


def pins(lock: str) -> Iterator[tuple[Requirement, str]]:
    """Yield each pin of the lock with the lines that belong to it."""
    for block in re.split(r"(?m)^(?=[A-Za-z0-9])", lock)[1:]:
        yield Requirement(block.splitlines()[0].removesuffix("\\").strip()), block


def problems(lock: str, pyproject: str) -> list[str]:
    """Say, a line each, in what the lock does not fit pyproject.toml or is not fit for an installation with hashes."""
    asked = asked_for(pyproject)
    found = [
        f"an address or a path: {line.strip()}" for line in lock.splitlines() if re.search(r"://|^[-./]| @ ", line)
    ]
    names = {canonicalize_name(requirement.name) for requirement in asked}
    for pin, block in pins(lock):
        if "--hash=sha256:" not in block:
            found.append(f"no hash: {pin}")
        if ASKED_BY_US in block and canonicalize_name(pin.name) not in names:
            found.append(f"no longer asked for: {pin.name}")
    return found + sorted({problem for requirement in asked for problem in unmet(requirement, lock)})


def asked_for(pyproject: str) -> list[Requirement]:
    """Return what pyproject.toml names: the package's needs, the course's, the build backend."""
    tables = tomllib.loads(pyproject)
    project = tables["project"]
    named = project["dependencies"] + project["optional-dependencies"]["course"] + tables["build-system"]["requires"]
    return [Requirement(text) for text in named]


def unmet(requirement: Requirement, lock: str) -> Iterator[str]:
    """Yield where the lock has not exactly one fitting version of a requirement."""
    same = [pin for pin, _ in pins(lock) if canonicalize_name(pin.name) == canonicalize_name(requirement.name)]
    for where in environments():
        if not applies(requirement, where):
            continue
        here = [pin for pin in same if applies(pin, where)]
        versions = [str(pin.specifier).removeprefix("==") for pin in here]
        if len(here) != 1 or not requirement.specifier.contains(versions[0], prereleases=True):
            place = f"{where['sys_platform']} {where['platform_machine']}, Python {where['python_version']}"
            yield f"{requirement} on {place}: the lock has {', '.join(versions) or 'none'}"


def environments() -> Iterator[dict[str, str]]:
    """Yield the values of the markers on each machine and Python that the lock is for."""
    for python in PYTHONS:
        for system, machine in MACHINES:
            yield {
                "python_version": python,
                "python_full_version": f"{python}.7",
                "implementation_version": f"{python}.7",
                "sys_platform": system,
                "platform_system": system.capitalize(),
                "platform_machine": machine,
                "os_name": "posix",
                "implementation_name": "cpython",
                "platform_python_implementation": "CPython",
            }


def applies(requirement: Requirement, where: dict[str, str]) -> bool:
    """Say whether a requirement's marker holds in an environment."""
    return requirement.marker is None or requirement.marker.evaluate(where)


# ---- asking the running Python


def lacking() -> list[str]:
    """Name what is not installed here in the lock's version, and this project where it is not installed from here."""
    names = [
        pin.name
        for pin, _ in pins(LOCK.read_text("utf-8"))
        if applies(pin, {})
        and pin.name not in OPTIONAL
        and not pin.specifier.contains(installed(pin.name), prereleases=True)
    ]
    return names if is_installed_here() else [*names, "tinytorch"]


def installed(name: str) -> str:
    """Return the installed version of a package; "0" where there is none."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "0"


if __name__ == "__main__":
    sys.exit(main())
