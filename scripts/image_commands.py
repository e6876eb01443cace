"""What `image.py` does: build, try, compare; `main` reads its command line."""

import argparse
import io
import subprocess
import tarfile
import time

from image_engine import ARCHS, Engine, check_emulation, find_engine, own_arch, tag_of
from image_pin import pin
from setup_problems import SetupError
from setup_state import ROOT, say

MEGABYTE = 1_000_000
# No exec: the shell stays, and reaps what ends without a parent. (An engine's own --init is a program that may lack.)
UNPACK_AND_TRY = 'mkdir ~/course && cd ~/course && tar --extract && python scripts/image_trial.py "$@"; exit $?'
LISTS = "pip list --format=freeze; dpkg-query --show --showformat='${Package}==${Version}\\n'"


def main(says: str) -> int:
    """Do what the command line asks for, an architecture after the other. says: the help text."""
    asked, rest = arguments(says)
    if rest and asked.verb != "try":
        raise SetupError(f"`{asked.verb}` knows no {rest[0]!r}: python3 scripts/image.py --help")
    engine = find_engine(asked.engine)
    if asked.verb == "pin":
        return pin(engine, write=not asked.only_print)
    code = 0
    for arch in asked.arch or ARCHS:
        check_emulation(arch)
        if asked.verb == "build":
            build(engine, arch)
        elif asked.verb == "try":
            code = max(code, try_out(engine, arch, rest))
        else:
            code = max(code, compare(engine, arch))
    return code


def arguments(says: str) -> tuple[argparse.Namespace, list[str]]:
    """Read the command line; what follows `try` and isn't known here is for the trial."""
    parser = argparse.ArgumentParser(description=says, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="build | try | compare | pin")
    for name, does in (
        ("build", "build the image; print sizes and times"),
        ("try", "run everything inside; --quick leaves the suite out"),
        ("compare", "build twice from nothing and compare versions"),
        ("pin", "write the base image's digest into the Dockerfile"),
    ):
        verb = verbs.add_parser(name, help=does, description=does)
        verb.add_argument("--engine", choices=("docker", "podman"), default="", help="this engine and no other")
        if name == "pin":
            verb.add_argument("--print", dest="only_print", action="store_true", help="print it; change nothing")
        else:
            verb.add_argument("--arch", action="append", choices=ARCHS, help="may be given twice (default: both)")
    return parser.parse_known_args()


# ---- build


def build(engine: Engine, arch: str) -> None:
    """Build the image of an architecture, and say how long it took and how large it is."""
    began = time.monotonic()
    engine.build(arch, tag_of(arch))
    seconds = time.monotonic() - began
    sizes = f"{engine.size(tag_of(arch)) / MEGABYTE:.0f} MB, {engine.save(tag_of(arch)) / MEGABYTE:.0f} MB compressed"
    print(f"{tag_of(arch)}: built in {seconds:.0f} s, {sizes}", flush=True)


# ---- try


def try_out(engine: Engine, arch: str, options: list[str]) -> int:
    """Run the trial in the image on a copy of this folder; return its exit code."""
    if not engine.has(tag_of(arch)):
        raise SetupError(f"There is no image for {arch} yet: python3 scripts/image.py build --arch {arch}")
    if arch != own_arch():
        options = ["--emulated", *options]
    say(f"Trying {tag_of(arch)} with {engine.command}, without network.")
    return engine.run(arch, tag_of(arch), ["bash", "-c", UNPACK_AND_TRY, "trial", *options], course())


def course() -> bytes:
    """Return this folder as an archive: what git would clone, with what is changed here and new."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"]
    listed = subprocess.run(listing, cwd=ROOT, capture_output=True, check=True).stdout.decode()
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name in filter(None, listed.split("\0")):
            if (ROOT / name).exists():  # deleted, but not yet in a commit
                archive.add(ROOT / name, name, recursive=False, filter=nobodys)
    return stream.getvalue()


def nobodys(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Make a member of an archive belong to whoever unpacks it."""
    member.uid = member.gid = 1000
    member.uname = member.gname = ""
    return member


# ---- compare


def compare(engine: Engine, arch: str) -> int:
    """Build twice without any cache and compare the versions of Python's and Debian's packages."""
    found = []
    for number in ("first", "second"):
        tag = f"{tag_of(arch)}-{number}"
        engine.build(arch, tag, "--no-cache")
        found.append(versions(engine, arch, tag))
        engine.asked("image", "rm", tag)
    differing = sorted(found[0] ^ found[1])
    print(*(f"  {line} in the {'first' if line in found[0] else 'second'} build alone" for line in differing), sep="\n")
    print(f"{arch}: two builds, " + ("different" if differing else f"the same {len(found[0])} packages and versions"))
    return 1 if differing else 0


def versions(engine: Engine, arch: str, tag: str) -> set[str]:
    """Return what is installed in an image, as NAME==VERSION."""
    listed = engine.asked("run", "--rm", "--network", "none", "--platform", f"linux/{arch}", tag, "bash", "-c", LISTS)
    return set(listed.split())
