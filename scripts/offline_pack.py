"""Pack the course for a class without network: `python3 scripts/offline.py pack FOLDER [options]` runs this.

The folder gets wheels/ (every package of the lock, for each machine and Python), tinytorch.tar.gz (the course as the
last commit has it), on wish images/, README.txt for who installs, and at the very end SHA256SUMS.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
from collections.abc import Iterator
from pathlib import Path

from image_engine import ARCHS, find_engine, tag_of
from lock import PYTHONS, applies, environments, pins
from offline_folder import ABOUT, IMAGES, LOCK_COPY, MACHINES, SUMS, WHEELS, write_sums
from setup_making import split_lock
from setup_problems import NoPackage, SetupError, explain_output
from setup_state import LOCK, OPTIONAL, ROOT, say

MEGABYTE = 1_000_000
PATCH = 7  # pip takes 3.11 for 3.11.0, which scalene leaves out
LOG = ROOT / "runs" / "offline.log"
# The C library that a machine has at least, as wheels name it: 2.35 is Ubuntu 22.04's, Debian 12 and Raspberry Pi OS
# have 2.36. Wheels for older ones come first.
GLIBC = [*range(28, 4, -1), *range(29, 36)]
README = """The course, for machines without a network. Python {pythons}, Linux on {machines}.

  tar --extract --file tinytorch.tar.gz        in a folder of your own
  cd tinytorch
  python3 scripts/offline.py install THIS_FOLDER
  python3 scripts/check.py

The machine brings Python with venv (Debian, Ubuntu, Raspberry Pi OS: the package python3-venv), and an editor with the
extensions that .vscode/extensions.json names. {scalene}
"""
SCALENE_BUILDS = """On arm64 the profiler scalene is built from source, with g++, make
and Python's headers (python3-dev); without these the course installs without scalene."""


def main() -> int:
    """Pack what the command line asks for."""
    asked = arguments()
    folder = Path(asked.folder).resolve()
    archs, pythons = asked.arch or list(ARCHS), asked.python or list(PYTHONS)
    clear(folder)
    fetch_all(folder / WHEELS, archs, pythons)
    archive_course(folder / "tinytorch.tar.gz")
    if asked.images:
        save_images(folder / IMAGES, archs)
    shutil.copy(LOCK, folder / LOCK_COPY)
    (folder / ABOUT).write_text(json.dumps({"archs": archs, "pythons": pythons}), "utf-8")
    (folder / "README.txt").write_text(readme(archs, pythons), "utf-8")
    count = write_sums(folder)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    print(f"{folder}: {count} files, {size / MEGABYTE:.0f} MB, checksums in {SUMS}")
    return 0


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="offline.py pack", description="Pack the course for a class without network.")
    parser.add_argument("folder", metavar="FOLDER", help="where to; new, empty, or packed before")
    parser.add_argument("--arch", action="append", choices=ARCHS, help="may be given twice (default: both)")
    parser.add_argument("--python", action="append", choices=PYTHONS, help="may be given again (default: all)")
    parser.add_argument("--images", action="store_true", help="the images of scripts/image.py build as well")
    return parser.parse_args()


def clear(folder: Path) -> None:
    """Make the folder ready; raise rather than mix with what is not ours."""
    ours = {WHEELS, IMAGES, SUMS, f"{SUMS}.unfinished", ABOUT, LOCK_COPY, "README.txt", "tinytorch.tar.gz"}
    others = sorted(path.name for path in folder.iterdir() if path.name not in ours) if folder.is_dir() else []
    if others:
        raise SetupError(f"{folder} holds other things ({', '.join(others[:3])}): name a new or an empty folder.")
    (folder / SUMS).unlink(missing_ok=True)  # first: what is half packed can't be installed
    shutil.rmtree(folder / WHEELS, ignore_errors=True)
    shutil.rmtree(folder / IMAGES, ignore_errors=True)
    (folder / WHEELS).mkdir(parents=True)


# ---- packages


def fetch_all(wheels: Path, archs: list[str], pythons: list[str]) -> None:
    """Download the lock's packages for each machine and Python, and what builds those without a wheel."""
    LOG.parent.mkdir(exist_ok=True)
    LOG.write_text("", "utf-8")
    for arch in archs:
        for python in pythons:
            try:
                count = fetch(wheels, arch, python)
            except SetupError as problem:
                raise SetupError(f"Nothing was packed: it failed at {arch}, Python {python}.\n{problem}") from problem
            say(f"  {arch}, Python {python}: {count} packages")


def fetch(wheels: Path, arch: str, python: str) -> int:
    """Download the packages for one machine and Python and return their number."""
    required, optional = split_lock(pins_for(arch, python))
    exact = f"{python}.{PATCH}"
    target = ["--python-version", exact, *(f"--platform={tag}" for tag in platforms(MACHINES[arch]))]
    pip_download(wheels, [*target, "--only-binary=:all:"], "".join(required.values()))
    for name, pin in optional.items():
        try:
            pip_download(wheels, [*target, "--only-binary=:all:"], pin)
        except NoPackage:
            fetch_source(wheels, target, name, pin)
    return len(required) + len(optional)


def pins_for(arch: str, python: str) -> str:
    """Return the lock's pins that apply to a machine and Python, without their markers, which pip takes for here."""
    where = next(
        place
        for place in environments()
        if (place["python_version"], place["sys_platform"], place["platform_machine"])
        == (python, "linux", MACHINES[arch])
    )
    lines = []
    for pin, block in pins(LOCK.read_text("utf-8")):
        if applies(pin, where):
            lines += [f"{pin.name}{pin.specifier} \\\n", *block.splitlines(keepends=True)[1:]]
    return "".join(lines)


def platforms(machine: str) -> Iterator[str]:
    """Yield the platforms whose wheels run on a machine, as wheels name them."""
    for minor in GLIBC:
        yield f"manylinux_2_{minor}_{machine}"
    yield from (f"{old}_{machine}" for old in ("manylinux2014", "manylinux2010", "manylinux1", "linux"))


def fetch_source(wheels: Path, target: list[str], name: str, pin: str) -> None:
    """Download a package's source, and wheels of what builds it."""
    pip_download(wheels, [], pin, "--no-binary", name)
    source = next(wheels.glob(f"{name}-*.tar.gz"))
    needs = build_needs(source)
    pip_download(wheels, [*target, "--only-binary=:all:"], "\n".join(needs), dependencies=True)
    say(f"  {name} has no wheel there: its source, and what builds it ({', '.join(needs)})")


def build_needs(source: Path) -> list[str]:
    """Return what a source package says that it needs to be built."""
    with tarfile.open(source) as archive:
        name = min((n for n in archive.getnames() if n.endswith("/pyproject.toml")), key=len)
        file = archive.extractfile(name)
        assert file is not None
        return list(tomllib.load(file)["build-system"]["requires"])


def pip_download(wheels: Path, target: list[str], pins: str, *options: str, dependencies: bool = False) -> None:
    """Run `pip download`; with hashes alone, or, for what builds a package, with what that needs in turn."""
    wanted = wheels.parent / f"{SUMS}.unfinished"  # not yet checksums; a name of ours
    wanted.write_text(pins, "utf-8")
    strict = [] if dependencies else ["--require-hashes", "--no-deps"]
    command = [sys.executable, "-m", "pip", "download", "--dest", str(wheels), "--progress-bar", "off"]
    command += [*strict, *target, *options, "--requirement", str(wanted)]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    wanted.unlink()
    with LOG.open("a", encoding="utf-8") as log:
        log.write(f"$ {' '.join(command)}\n{done.stdout}")
    if done.returncode:
        raise explain_output(done.stdout, LOG, wheels)


# ---- the rest


def archive_course(archive: Path) -> None:
    """Write the last commit as an archive; say so where files here differ from it."""
    git = ["git", "-C", str(ROOT)]
    writing = [*git, "archive", "--format=tar.gz", "--prefix=tinytorch/", f"--output={archive}", "HEAD"]
    done = subprocess.run(writing, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SetupError(f"The course was not packed: it is taken from git's last commit. git said: {done.stderr}")
    if subprocess.run([*git, "diff", "--quiet", "HEAD"], check=False).returncode:
        say("  the course is packed as the last commit has it, without what was changed since")


def save_images(images: Path, archs: list[str]) -> None:
    """Write the images as archives that Docker and Podman load."""
    images.mkdir()
    engine = find_engine(os.environ.get("TINYTORCH_ENGINE", ""))
    for arch in archs:
        if not engine.has(tag_of(arch)):
            raise SetupError(f"There is no image for {arch} yet: python3 scripts/image.py build --arch {arch}")
        size = engine.save(tag_of(arch), images / f"tinytorch-{arch}.tar.gz")
        say(f"  image for {arch}: {size / MEGABYTE:.0f} MB")


def readme(archs: list[str], pythons: list[str]) -> str:
    """Return what whoever installs has to know."""
    builds = SCALENE_BUILDS if "arm64" in archs and OPTIONAL else ""
    machines = ", ".join(f"{arch} ({MACHINES[arch]})" for arch in archs)
    return README.format(pythons=", ".join(pythons), machines=machines, scalene=builds)


if __name__ == "__main__":
    from workspace_setup import leave

    leave(main)
