"""The container engine of this machine, Docker with buildx or Podman: `find_engine`, and what an image is built with.

Standard library alone: this runs before there is an environment.
"""

import contextlib
import gzip
import os
import platform
import shutil
import subprocess
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from setup_problems import SetupError
from setup_state import ROOT, say

ARCHS = ("amd64", "arm64")
DOCKERFILE = ROOT / ".devcontainer" / "Dockerfile"
BINFMT = Path("/proc/sys/fs/binfmt_misc")  # the kernel's list of foreign programs that it can start
MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
EMULATORS = {"arm64": "qemu-aarch64", "amd64": "qemu-x86_64"}
# A Raspberry Pi 4's. With qemu's own default OpenBLAS takes kernels for processors that no Pi has, and they are slow.
EMULATED_PROCESSOR = {"arm64": "cortex-a72"}
CHUNK = 1 << 20

NO_ENGINE = """There is no container engine here that works.{found}
To get one:
  Debian, Ubuntu:  sudo apt-get install podman
  Fedora:          sudo dnf install podman
  macOS, Windows:  Docker Desktop or Podman Desktop, started
Then run the same command again."""
SILENT_DOCKER = "\n`docker` is here, but its engine does not answer (started? may this user talk to it?)."
NO_BUILDX = "\n`docker` is here, but not its buildx (Debian, Ubuntu: docker-buildx)."
NO_EMULATOR = """This machine is {here} and can't run {arch} programs yet. To make it:
  Debian, Ubuntu:  sudo apt-get install qemu-user-static binfmt-support
  with Docker:     docker run --privileged --rm tonistiigi/binfmt --install {arch}
Or leave {arch} out: --arch {here}"""


@dataclass(frozen=True)
class Engine:
    """A container engine, by the command that calls it."""

    command: str

    def build(self, arch: str, tag: str, *options: str) -> None:
        """Build the Dockerfile for an architecture. BASE_IMAGE of the environment is handed on, as by the editor."""
        build = ["buildx", "build", "--load"] if self.command == "docker" else ["build", "--format", "docker"]
        base = ["--build-arg", f"BASE_IMAGE={os.environ.get('BASE_IMAGE', '')}"]
        where = ["--platform", f"linux/{arch}", "--file", str(DOCKERFILE), "--tag", tag]
        command = [self.command, *build, *base, *where, *options, str(ROOT)]
        if subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode:
            raise SetupError(f"The image for {arch} was not built; what {self.command} said last stands above.")

    def run(self, arch: str, tag: str, command: Sequence[str], files: bytes = b"") -> int:
        """Run a command in an image without any network, `files` as its standard input; return its exit code."""
        processor = EMULATED_PROCESSOR.get(arch) if arch != own_arch() else None
        options = ["--rm", "--interactive", "--network", "none", "--cap-add", "SYS_PTRACE"]
        options += ["--platform", f"linux/{arch}", *(["--env", f"QEMU_CPU={processor}"] if processor else [])]
        return subprocess.run([self.command, "run", *options, tag, *command], input=files, check=False).returncode

    def asked(self, *arguments: str) -> str:
        """Return what a command of the engine prints; raise SetupError with what it complains of."""
        done = subprocess.run([self.command, *arguments], capture_output=True, text=True, check=False)
        if done.returncode:
            raise SetupError(f"`{self.command} {' '.join(arguments)}` failed: {done.stderr.strip()[-500:]}")
        return done.stdout.strip()

    def has(self, tag: str) -> bool:
        """Say whether an image is there."""
        command = [self.command, "image", "inspect", tag]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0

    def size(self, tag: str) -> int:
        """Return an image's size on the disk, in bytes."""
        return int(self.asked("image", "inspect", "--format", "{{.Size}}", tag))

    def save(self, tag: str, archive: Path | None = None) -> int:
        """Write an image as an archive that is compressed as gzip does, and return its size; None: only count it."""
        squeeze = zlib.compressobj(wbits=31)  # 31: with gzip's header
        count = 0
        saving = [self.command, "save", *(["--format", "docker-archive"] if self.command == "podman" else []), tag]
        with (
            subprocess.Popen(saving, stdout=subprocess.PIPE) as process,
            (archive or Path(os.devnull)).open("wb") as out,
        ):
            assert process.stdout is not None
            while chunk := process.stdout.read(CHUNK):
                count += out.write(squeeze.compress(chunk))
            count += out.write(squeeze.flush())
        if process.returncode:
            raise SetupError(f"`{' '.join(saving)}` failed; what it said stands above.")
        return count

    def load(self, archive: Path) -> None:
        """Take in an image that `save` wrote. Unpacked here: Podman 4 reads no such archive that is compressed."""
        with (
            gzip.open(archive) as file,
            subprocess.Popen([self.command, "load"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process,
        ):
            assert process.stdin is not None
            with contextlib.suppress(BrokenPipeError):  # the engine ended: its exit code says so
                shutil.copyfileobj(file, process.stdin, CHUNK)
                process.stdin.close()
        if process.returncode:
            raise SetupError(f"The image was not loaded; what {self.command} said stands above.")


def tag_of(arch: str) -> str:
    """Name the image of an architecture, as both engines do for one that no registry has."""
    return f"localhost/tinytorch:{arch}"


def own_arch() -> str:
    """Return this machine's architecture by its name in images; "" for one that the course has none for."""
    return MACHINES.get(platform.machine().lower(), "")


def find_engine(wanted: str = "") -> Engine:
    """Return Docker where its engine answers and buildx is there, else Podman; raise SetupError saying how to get one.

    wanted: "docker" or "podman" takes no other.
    """
    found = ""
    if wanted != "podman" and shutil.which("docker"):
        if not works("docker", "info"):
            found = SILENT_DOCKER
        elif not works("docker", "buildx", "version"):
            found = NO_BUILDX
        else:
            return Engine("docker")
    if wanted != "docker" and shutil.which("podman") and works("podman", "info"):
        return Engine("podman")
    raise SetupError(NO_ENGINE.format(found=found))


def works(*command: str) -> bool:
    """Say whether a command ends well."""
    return subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, check=False).returncode == 0


def check_emulation(arch: str) -> None:
    """Raise where programs of an architecture can't run here. On macOS and Windows the engine's own machine can."""
    if arch == own_arch() or not BINFMT.is_dir():
        return
    if not (BINFMT / EMULATORS[arch]).exists():
        raise SetupError(NO_EMULATOR.format(here=own_arch() or platform.machine(), arch=arch))
    say(f"{arch} is emulated here: everything takes several times as long.")
