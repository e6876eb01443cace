"""image.py: which engine it takes, what it asks of it, and what it says where something is missing.

A script stands in for the engine: it notes how it was called and answers as it is told to. What only a real engine
shows (that the image builds, and what runs inside) is proven by `image.py` itself, in the workflow.
"""

import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass, field
from pathlib import Path

import image_engine
import image_trial
import pytest
from image_engine import ARCHS, Engine, check_emulation, find_engine, own_arch, tag_of
from image_pin import pin, whole_name
from setup_problems import SetupError

ROOT = Path(__file__).resolve().parents[2]
FAKE = """
import json, pathlib, sys
folder = pathlib.Path(__file__).parent
name, *arguments = sys.argv[1:]
given = sys.stdin.buffer.read() if arguments[0] == "run" and "--interactive" in arguments else b""
(folder / "stdin").write_bytes(given)
with (folder / "calls").open("a") as calls:
    print(json.dumps([name, *arguments]), file=calls)
for file in sorted(folder.glob("answer *")):
    if file.name[7:] in " " + " ".join(arguments):
        code, _, text = file.read_text().partition(" ")
        (sys.stderr if int(code) else sys.stdout).write(text)
        sys.exit(int(code))
"""
A, B = "sha256:" + "a" * 64, "sha256:" + "b" * 64


@dataclass
class Fakes:
    """Engines that stand in, in a folder that is all of the PATH."""

    folder: Path

    def add(self, *names: str) -> None:
        (self.folder / "fake.py").write_text(FAKE)
        for name in names:  # a first line that names Python would not stand a space in its path
            (self.folder / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" "{self.folder}/fake.py" {name} "$@"\n')
            (self.folder / name).chmod(0o755)

    def answers(self, words: str, text: str, code: int = 0) -> None:
        (self.folder / f"answer {words}").write_text(f"{code} {text}")

    def calls(self) -> list[list[str]]:
        notes = self.folder / "calls"
        return [json.loads(line) for line in notes.read_text().splitlines()] if notes.exists() else []

    def image(self, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, ROOT / "scripts" / "image.py", *arguments]
        kept = {name: value for name, value in os.environ.items() if name != "BASE_IMAGE"}
        environment = kept | {"PATH": str(self.folder)} | variables
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=20, check=False)


@pytest.fixture
def fakes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fakes:
    monkeypatch.setenv("PATH", str(tmp_path))
    return Fakes(tmp_path)


# ---- which engine


def test_docker_comes_first_where_it_answers(fakes: Fakes) -> None:
    fakes.add("docker", "podman")
    assert find_engine() == Engine("docker")
    assert find_engine("podman") == Engine("podman")


@pytest.mark.parametrize("broken", ["info", "buildx version"])
def test_podman_comes_where_docker_does_not_answer_or_has_no_buildx(fakes: Fakes, broken: str) -> None:
    fakes.add("docker")
    fakes.answers(broken, "no", code=1)
    with pytest.raises(SetupError, match="`docker` is here, but"):
        find_engine()
    shutil.move(fakes.folder / f"answer {broken}", fakes.folder / "gone")
    fakes.add("podman")
    (fakes.folder / "docker").write_text("#!/bin/sh\nexit 1\n")
    assert find_engine() == Engine("podman")


def test_without_an_engine_it_says_how_to_get_one(fakes: Fakes) -> None:
    done = fakes.image("build")
    assert (done.returncode, done.stdout) == (1, "")
    assert "sudo apt-get install podman" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_foreign_architecture_without_emulation_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    foreign = next(arch for arch in ARCHS if arch != own_arch())
    monkeypatch.setattr(image_engine, "BINFMT", tmp_path)
    check_emulation(own_arch())
    with pytest.raises(SetupError, match="qemu-user-static"):
        check_emulation(foreign)
    (tmp_path / image_engine.EMULATORS[foreign]).touch()
    check_emulation(foreign)


# ---- build, try, compare


@pytest.mark.parametrize("name", ["docker", "podman"])
def test_build_hands_on_architecture_base_and_dockerfile_and_prints_sizes(fakes: Fakes, name: str) -> None:
    fakes.add(name)
    fakes.answers("image inspect", "660000000")
    fakes.answers("save", "layers")
    done = fakes.image("build", "--arch", own_arch(), BASE_IMAGE="mirror/debian")
    assert done.returncode == 0, done.stderr
    assert f"{tag_of(own_arch())}: built in 0 s, 660 MB, 0 MB compressed" in done.stdout
    call = next(call for call in fakes.calls() if "build" in call)
    assert {f"linux/{own_arch()}", "BASE_IMAGE=mirror/debian", tag_of(own_arch()), str(ROOT)} <= set(call)
    assert call[call.index("--file") + 1] == str(ROOT / ".devcontainer" / "Dockerfile")


def test_a_build_that_fails_ends_with_1(fakes: Fakes) -> None:
    fakes.add("podman")
    fakes.answers("build", "no such base", code=7)
    done = fakes.image("build", "--arch", own_arch())
    assert done.returncode == 1
    assert "was not built" in done.stderr


def test_try_runs_the_course_as_git_would_clone_it_without_network(fakes: Fakes) -> None:
    fakes.add("podman")
    (fakes.folder / "git").symlink_to(shutil.which("git", path=os.defpath) or "/usr/bin/git")
    fakes.answers("run --rm", "", code=3)
    done = fakes.image("try", "--arch", own_arch(), "--quick")
    assert done.returncode == 3
    call = fakes.calls()[-1]
    assert call[call.index("--network") + 1] == "none"
    assert call[-1] == "--quick"
    with tarfile.open(fileobj=io.BytesIO((fakes.folder / "stdin").read_bytes())) as archive:
        names = archive.getnames()
    assert {"scripts/image_trial.py", "modules/00_setup/setup.py", "requirements.lock"} <= set(names)
    assert not [name for name in names if name.startswith((".venv", ".git/", "runs/"))]


def test_try_without_an_image_says_how_to_build_it(fakes: Fakes) -> None:
    fakes.add("podman")
    fakes.answers("image inspect", "no such image", code=1)
    assert f"image.py build --arch {own_arch()}" in fakes.image("try", "--arch", own_arch()).stderr


def test_compare_names_what_differs(fakes: Fakes) -> None:
    fakes.add("podman")
    fakes.answers("-first", "numpy==2.5.0\nrich==15.0\n")
    fakes.answers("-second", "numpy==2.5.0\nrich==15.1\n")
    for verb in ("build", "image rm"):
        fakes.answers(f" {verb}", "")  # tried first: these print nothing, whatever the image
    done = fakes.image("compare", "--arch", own_arch())
    assert done.returncode == 1
    assert "rich==15.0 in the first build alone" in done.stdout
    assert "numpy" not in done.stdout
    fakes.answers("-second", "numpy==2.5.0\nrich==15.0\n")
    again = fakes.image("compare", "--arch", own_arch())
    assert (again.returncode, again.stdout.strip()) == (
        0,
        f"{own_arch()}: two builds, the same 2 packages and versions",
    )


# ---- pin


@dataclass(frozen=True)
class Registry(Engine):
    """An engine that knows answers by the command's words."""

    answers: dict[str, str] = field(default_factory=dict)

    def asked(self, *arguments: str) -> str:
        for words, answer in self.answers.items():
            if words in " ".join(arguments):
                if answer.startswith("error"):
                    raise SetupError(answer)
                return answer
        raise SetupError("the registry did not answer")


LIST = json.dumps({"manifests": [{"platform": {"architecture": arch}} for arch in ARCHS]})
DOCKER = {"inspect docker.io/library/debian:trixie-slim": A, f"--raw docker.io/library/debian@{A}": LIST}
PODMAN = {
    "pull": "",
    "image inspect": f"[docker.io/library/debian@{B} docker.io/library/debian@{A}]",
    f"debian@{B}": "error: Treating single images as manifest lists is not implemented",
    f"debian@{A}": LIST,
}


@pytest.fixture
def dockerfile(tmp_path: Path) -> Path:
    return Path(shutil.copy(ROOT / ".devcontainer" / "Dockerfile", tmp_path / "Dockerfile"))


@pytest.mark.parametrize(("name", "answers"), [("docker", DOCKER), ("podman", PODMAN)], ids=["docker", "podman"])
def test_pin_writes_the_digest_of_the_list_of_architectures(
    dockerfile: Path, name: str, answers: dict[str, str]
) -> None:
    engine = Registry(name, answers)
    assert pin(engine, dockerfile=dockerfile) == 0
    assert f"FROM ${{BASE_IMAGE:-debian:trixie-slim@{A}}} AS base" in dockerfile.read_text()
    pinned = dockerfile.read_text()
    assert pin(engine, dockerfile=dockerfile) == 0  # a second time, over what is pinned
    assert dockerfile.read_text() == pinned


def test_pin_can_only_print(dockerfile: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = dockerfile.read_text()
    pin(Registry("docker", DOCKER), write=False, dockerfile=dockerfile)
    assert capsys.readouterr().out == f"debian:trixie-slim@{A}\n"
    assert dockerfile.read_text() == before


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param({}, id="no registry"),
        pytest.param({**DOCKER, f"--raw docker.io/library/debian@{A}": "{}"}, id="one architecture"),
        pytest.param({**DOCKER, "inspect docker.io/library/debian:trixie-slim": "latest"}, id="no digest"),
    ],
)
def test_pin_never_invents_a_digest(dockerfile: Path, answers: dict[str, str]) -> None:
    before = dockerfile.read_text()
    with pytest.raises(SetupError, match="nothing was changed"):
        pin(Registry("docker", answers), dockerfile=dockerfile)
    assert dockerfile.read_text() == before


@pytest.mark.parametrize(
    ("name", "whole"),
    [
        ("debian:trixie-slim", "docker.io/library/debian:trixie-slim"),
        ("someone/debian:13", "docker.io/someone/debian:13"),
        ("ghcr.io/someone/debian:13", "ghcr.io/someone/debian:13"),
        ("localhost:5000/debian:13", "localhost:5000/debian:13"),
    ],
)
def test_an_image_is_asked_for_by_its_whole_name(name: str, whole: str) -> None:
    assert whole_name(name) == whole


# ---- the trial inside


def test_the_trial_has_every_profiler_the_debugger_and_red_to_green() -> None:
    names = [step.name for step in image_trial.steps(quick=False, emulated=False, options=[])]
    assert {"doctor", "00 is red", "00 is green", "memray", "scalene", "py-spy", "debugger attaches", "suite"} <= set(
        names
    )
    assert "py-spy" not in [step.name for step in image_trial.steps(quick=False, emulated=True, options=[])]
    assert "suite" not in [step.name for step in image_trial.steps(quick=True, emulated=False, options=[])]


def test_the_trials_attach_test_is_there() -> None:
    file, _, name = image_trial.ATTACH.partition("::")
    assert f"def {name}(" in (ROOT / file).read_text("utf-8")
