"""What lies in a folder for a class without network, and its checksums: what `offline.py` packs and installs from."""

import hashlib
import json
import platform
import sys
from pathlib import Path
from typing import Any

from setup_problems import SetupError

SUMS = "SHA256SUMS"  # in the form of the command sha256sum
WHEELS, IMAGES = "wheels", "images"
LOCK_COPY = "requirements.lock"
ABOUT = "packed.json"
SHOWN = 6
MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}

NOT_PACKED = """{folder} holds no {sums}: it is not what `offline.py pack` made, or the packing did not come to its end.
Take the folder itself, with {wheels}/ in it; or, where there is a network, pack it anew:
  python3 scripts/offline.py pack FOLDER"""
DAMAGED = """{folder} is not as it was packed, so nothing was installed:
{files}
Copy these files once more from where they were packed (a stick pulled out too early loses some), and run the same
command again. `sha256sum --check {sums}` in that folder checks all of it."""
OTHER_LOCK = """{folder} was packed for another version of the course: its {lock} differs from the one here.
Install from the course that lies in it (unpack {folder}/tinytorch.tar.gz), or pack this one where there is a
network."""
NOT_FOR_THIS = """{folder} has no packages for this Python ({python}) on this machine ({machine}).
It has them for Python {pythons}, on {machines}.
Run this command with one of these Pythons (python3.13 scripts/offline.py install ...), or load the image (--image)."""


def write_sums(folder: Path) -> int:
    """Write the checksums of all files below a folder and return how many there are."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != SUMS)
    lines = [f"{sha256(path)}  {path.relative_to(folder).as_posix()}\n" for path in files]
    unfinished = folder / f"{SUMS}.unfinished"
    unfinished.write_text("".join(lines), "utf-8")
    unfinished.replace(folder / SUMS)
    return len(lines)


def verify(folder: Path, part: str) -> list[Path]:
    """Compare the files of a part of the folder with their checksums and return them; raise naming those that differ.

    part: how their names begin: "wheels/", or one file. What lies there beyond the list is named too.
    """
    sums = read_sums(folder)
    listed = {name: digest for name, digest in sums.items() if name.startswith((part, LOCK_COPY, ABOUT))}
    faults = {name: fault(folder / name, digest) for name, digest in listed.items()}
    problems = [f"  {name}: {said}" for name, said in sorted(faults.items()) if said]
    there = {path.relative_to(folder).as_posix() for path in (folder / WHEELS).glob("*")}
    problems += [f"  {name}: was not packed" for name in sorted(there - set(sums)) if name.startswith(part)]
    if problems:
        more = [f"  and {len(problems) - SHOWN} more"] if len(problems) > SHOWN else []
        raise SetupError(DAMAGED.format(folder=folder, sums=SUMS, files="\n".join(problems[:SHOWN] + more)))
    return [folder / name for name in listed if name.startswith(part)]


def read_sums(folder: Path) -> dict[str, str]:
    """Return the checksums by file name; raise where there are none."""
    try:
        lines = (folder / SUMS).read_text("utf-8").splitlines()
    except (FileNotFoundError, NotADirectoryError):
        raise SetupError(NOT_PACKED.format(folder=folder, sums=SUMS, wheels=WHEELS)) from None
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}


def fault(path: Path, digest: str) -> str:
    """Say what is wrong with a file; "" where nothing is."""
    if not path.is_file():
        return "missing"
    try:
        return "" if sha256(path) == digest else "damaged"
    except OSError as error:
        return f"can't be read ({error.strerror})"


def sha256(path: Path) -> str:
    """Return a file's checksum."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_fit(folder: Path, lock: Path) -> None:
    """Raise where the folder was packed for another version of the course, or not for this Python and machine."""
    if (folder / LOCK_COPY).read_bytes() != lock.read_bytes():
        raise SetupError(OTHER_LOCK.format(folder=folder, lock=LOCK_COPY))
    about: dict[str, Any] = json.loads((folder / ABOUT).read_text("utf-8"))
    python, machine = "{}.{}".format(*sys.version_info), f"{platform.system()} {platform.machine()}"
    machines = [f"Linux {MACHINES[arch]}" for arch in about["archs"]]
    if python not in about["pythons"] or machine not in machines:
        has = {"pythons": ", ".join(about["pythons"]), "machines": ", ".join(machines)}
        raise SetupError(NOT_FOR_THIS.format(folder=folder, python=python, machine=machine, **has))
