"""offline.py: what is packed, what is refused, and that a failing installation leaves what was there.

pip is the real one, on small packages made here, where packing is tested; where installing is, test_environment's pip
that notes its calls stands in.
"""

import gzip
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import image_engine
import offline_pack
import pytest
from offline_folder import MACHINES, read_sums, verify, write_sums
from setup_problems import SetupError
from test_environment import LOCK, Workspace, make_workspace

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ("offline.py", "offline_folder.py", "offline_install.py", "image_engine.py")
HERE = "{}.{}".format(*sys.version_info)


# ---- installing


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = make_workspace(tmp_path)
    for name in SCRIPTS:
        shutil.copy(ROOT / "scripts" / name, made.root / "scripts")
    return made


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    """Return a folder as `pack` leaves it; with a space in its path, which pip would split at."""
    folder = tmp_path / "a stick"
    (folder / "wheels").mkdir(parents=True)
    for name in ("one-1.0-py3-none-any.whl", "two-1.0-py3-none-any.whl"):
        (folder / "wheels" / name).write_text(name)
    (folder / "requirements.lock").write_text(LOCK)
    (folder / "packed.json").write_text(json.dumps({"archs": list(MACHINES), "pythons": [HERE]}))
    write_sums(folder)
    return folder


def install(workspace: Workspace, folder: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    return workspace.run("offline.py", "install", str(folder), *options)


linux_alone = pytest.mark.skipif(platform.system() != "Linux", reason="packages are packed for Linux")


@linux_alone
def test_install_takes_packages_from_the_folder_alone(workspace: Workspace, stick: Path) -> None:
    done = install(workspace, stick)
    assert done.returncode == 0, done.stderr
    calls = [call for call in workspace.pip_calls() if "install" in call["arguments"]]
    assert calls
    for call in calls:
        pip = {name: value for name, value in call["environment"].items() if name.startswith("PIP_")}
        assert pip["PIP_NO_INDEX"] == "1"
        assert pip["PIP_FIND_LINKS"] == (stick / "wheels").as_uri()
        assert pip["PIP_CONFIG_FILE"] == os.devnull
    assert "2 packages are as they were packed" in done.stderr
    assert "to download" not in done.stderr


@linux_alone
def test_a_second_install_does_nothing(workspace: Workspace, stick: Path) -> None:
    install(workspace, stick)
    before = len(workspace.pip_calls())
    assert "nothing to install" in install(workspace, stick).stderr
    assert len(workspace.pip_calls()) == before


def damage(path: Path) -> None:
    path.write_text("something else")


def remove(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize(("harm", "said"), [(damage, "damaged"), (remove, "missing")], ids=["damaged", "missing"])
@pytest.mark.parametrize("name", ["wheels/two-1.0-py3-none-any.whl", "requirements.lock", "packed.json"])
def test_a_bad_file_is_named_and_nothing_is_installed(workspace, stick, harm, said, name):
    harm(stick / name)
    done = install(workspace, stick)
    assert done.returncode == 1
    assert f"  {name}: {said}" in done.stderr
    assert "Copy these files once more" in done.stderr
    assert not (workspace.root / ".venv").exists()
    assert not workspace.pip_calls()


def test_a_package_that_was_not_packed_is_named(workspace: Workspace, stick: Path) -> None:
    (stick / "wheels" / "one-9.0-py3-none-any.whl").touch()
    assert "wheels/one-9.0-py3-none-any.whl: was not packed" in install(workspace, stick).stderr


@pytest.mark.parametrize("made", [True, False], ids=["unfinished", "not there"])
def test_a_folder_without_checksums_is_refused(workspace: Workspace, stick: Path, made: bool) -> None:
    (stick / "SHA256SUMS").unlink()
    done = install(workspace, stick if made else stick / "nothing")
    assert done.returncode == 1
    assert "holds no SHA256SUMS" in done.stderr
    assert "offline.py pack FOLDER" in done.stderr


def test_a_folder_packed_from_another_lock_is_refused(workspace: Workspace, stick: Path) -> None:
    (stick / "requirements.lock").write_text(LOCK + "two==1.0 --hash=sha256:22\n")
    write_sums(stick)
    assert "packed for another version of the course" in install(workspace, stick).stderr


@pytest.mark.parametrize("about", [{"pythons": ["3.9"]}, {"archs": []}], ids=["Python", "machine"])
def test_a_folder_for_other_machines_is_refused(workspace: Workspace, stick: Path, about: dict[str, list[str]]) -> None:
    (stick / "packed.json").write_text(json.dumps({"archs": list(MACHINES), "pythons": [HERE]} | about))
    write_sums(stick)
    done = install(workspace, stick)
    assert f"no packages for this Python ({HERE})" in done.stderr
    assert not (workspace.root / ".venv").exists()


@linux_alone
def test_where_pip_fails_there_is_no_half_environment(workspace: Workspace, stick: Path) -> None:
    workspace.pip_fails("required.txt", "ERROR: No matching distribution found for one==1.0")
    done = install(workspace, stick)
    assert done.returncode == 1
    assert "Nothing was installed from" in done.stderr
    assert not (workspace.root / ".venv").exists()


@linux_alone
def test_where_pip_fails_the_environment_from_before_is_there_again(workspace: Workspace, stick: Path) -> None:
    assert install(workspace, stick).returncode == 0
    (workspace.root / ".venv" / "mine").touch()
    newer = LOCK + "two==1.0 --hash=sha256:22\n"
    (workspace.root / "requirements.lock").write_text(newer)
    (stick / "requirements.lock").write_text(newer)
    write_sums(stick)
    workspace.pip_fails("required.txt", "No space left on device")
    assert "The disk is full" in install(workspace, stick).stderr
    assert (workspace.root / ".venv" / "mine").exists()
    assert not (workspace.root / ".venv.before").exists()
    workspace.pip_works()
    assert install(workspace, stick).returncode == 0
    assert not (workspace.root / ".venv" / "mine").exists()


@linux_alone
def test_after_a_kill_the_next_install_is_whole(workspace: Workspace, stick: Path) -> None:
    for half in (".venv", ".venv.before"):
        (workspace.root / half).mkdir()
    assert install(workspace, stick).returncode == 0
    assert (workspace.root / ".venv" / "tinytorch.json").exists()
    assert not (workspace.root / ".venv.before").exists()


# ---- the image


def with_engine(workspace: Workspace) -> Path:
    """Put a podman onto the PATH that notes how it is called."""
    folder = workspace.fakes / "bin"
    folder.mkdir()
    load = f'[ "$1" != load ] || while read -r line; do echo "$line" >> "{folder}/notes"; done'
    (folder / "podman").write_text(f'#!/bin/sh\necho "$@" >> "{folder}/notes"\n{load}\n')
    (folder / "podman").chmod(0o755)
    return folder


def test_the_image_of_this_machine_is_checked_and_loaded(workspace: Workspace, stick: Path) -> None:
    archive = stick / "images" / f"tinytorch-{image_engine.own_arch()}.tar.gz"
    archive.parent.mkdir()
    archive.write_bytes(gzip.compress(b"layers\n"))
    write_sums(stick)
    engine = with_engine(workspace)
    command = ["offline.py", "install", str(stick), "--image"]
    done = workspace.run(*command, PATH=str(engine))
    assert done.returncode == 0, done.stderr
    assert "load\nlayers\n" in (engine / "notes").read_text()
    assert "podman run" in done.stderr
    archive.write_text("cut")
    (engine / "notes").unlink()
    done = workspace.run(*command, PATH=str(engine))
    assert f"images/{archive.name}: damaged" in done.stderr
    assert "load" not in (engine / "notes").read_text()


def test_without_an_image_in_the_folder_it_says_how_to_pack_one(workspace: Workspace, stick: Path) -> None:
    assert "pack FOLDER --images" in install(workspace, stick, "--image").stderr


# ---- packing


def wheel(folder: Path, name: str, tag: str) -> str:
    """Make a package without content; return its checksum."""
    path = folder / f"{name}-1.0-{tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}-1.0.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(f"{name}-1.0.dist-info/WHEEL", f"Wheel-Version: 1.0\nTag: {tag}\n")
        archive.writestr(f"{name}-1.0.dist-info/RECORD", "")
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder that is all that pip knows, and a lock of what lies in it."""
    folder = tmp_path / "index"
    folder.mkdir()
    tags = [f"cp313-cp313-manylinux_2_17_{machine}" for machine in MACHINES.values()]
    lines = ["one==1.0 \\\n"] + [f"    --hash=sha256:{wheel(folder, 'one', tag)} \\\n" for tag in tags]
    lines += [f"    --hash=sha256:{'0' * 64}\n"]
    lines += ["old==1.0 ; python_full_version < '3.13' \\\n", f"    --hash=sha256:{'1' * 64}\n"]
    lines += ["mac==1.0 ; sys_platform == 'darwin' \\\n", f"    --hash=sha256:{'2' * 64}\n"]
    lock = tmp_path / "requirements.lock"
    lock.write_text("".join(lines))
    monkeypatch.setattr(offline_pack, "LOCK", lock)
    monkeypatch.setattr(offline_pack, "LOG", tmp_path / "log" / "offline.log")
    for name, value in {"NO_INDEX": "1", "FIND_LINKS": folder.as_uri(), "CONFIG_FILE": os.devnull}.items():
        monkeypatch.setenv(f"PIP_{name}", value)
    return folder


def pack(monkeypatch: pytest.MonkeyPatch, folder: Path, *options: str) -> int:
    monkeypatch.setattr(sys, "argv", ["offline.py pack", str(folder), *options])
    return offline_pack.main()


@pytest.fixture
def no_history(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have no need of git: what lies there is what is in a commit."""
    monkeypatch.setattr(offline_pack, "archive_course", lambda archive: archive.write_text("the course"))


@pytest.mark.usefixtures("index", "no_history")
def test_pack_takes_what_each_machine_needs_and_writes_checksums(tmp_path, monkeypatch):
    assert pack(monkeypatch, tmp_path / "packed", "--python", "3.13") == 0
    there = sorted(path.name for path in (tmp_path / "packed").rglob("*") if path.is_file())
    assert there == [
        "README.txt",
        "SHA256SUMS",
        "one-1.0-cp313-cp313-manylinux_2_17_aarch64.whl",
        "one-1.0-cp313-cp313-manylinux_2_17_x86_64.whl",
        "packed.json",
        "requirements.lock",
        "tinytorch.tar.gz",
    ]
    assert set(read_sums(tmp_path / "packed")) == {
        path.relative_to(tmp_path / "packed").as_posix()
        for path in (tmp_path / "packed").rglob("*")
        if path.is_file() and path.name != "SHA256SUMS"
    }
    assert len(verify(tmp_path / "packed", "wheels/")) == 2


@pytest.mark.usefixtures("index", "no_history")
def test_a_pack_that_fails_names_the_package_and_can_not_be_installed(tmp_path, monkeypatch):
    assert pack(monkeypatch, tmp_path / "packed", "--python", "3.13", "--arch", "arm64") == 0
    with pytest.raises(SetupError, match=r"failed at arm64, Python 3\.12\.\n.* has no file of one==1\.0"):
        pack(monkeypatch, tmp_path / "packed", "--python", "3.12", "--arch", "arm64")
    with pytest.raises(SetupError, match="holds no SHA256SUMS"):
        verify(tmp_path / "packed", "wheels/")


def test_a_package_that_is_not_the_locks_is_refused(tmp_path, monkeypatch, index):
    wheel_there = next(index.glob("*aarch64.whl"))
    with zipfile.ZipFile(wheel_there, "a") as archive:
        archive.writestr("one.py", "changed")
    with pytest.raises(SetupError, match=r"not the one that requirements\.lock names"):
        pack(monkeypatch, tmp_path / "packed", "--python", "3.13", "--arch", "arm64")


def test_pack_leaves_a_folder_with_other_things_alone(tmp_path, monkeypatch):
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "to grandmother.txt").touch()
    with pytest.raises(SetupError, match=r"holds other things \(to grandmother\.txt\)"):
        pack(monkeypatch, tmp_path / "letters")
    assert [path.name for path in (tmp_path / "letters").iterdir()] == ["to grandmother.txt"]


def test_a_source_package_says_what_builds_it(tmp_path):
    project = tmp_path / "one-1.0" / "pyproject.toml"
    project.parent.mkdir()
    project.write_text('[build-system]\nrequires = ["setuptools>=70.1", "cython"]\n')
    with tarfile.open(tmp_path / "one-1.0.tar.gz", "w:gz") as archive:
        archive.add(project.parent, "one-1.0")
    assert offline_pack.build_needs(tmp_path / "one-1.0.tar.gz") == ["setuptools>=70.1", "cython"]


@pytest.mark.parametrize("arch", image_engine.ARCHS)
@pytest.mark.parametrize("python", offline_pack.PYTHONS)
def test_the_pins_are_those_of_the_other_machine(arch, python):
    pins = offline_pack.pins_for(arch, python)
    assert pins.count("numpy==") == pins.count("py-spy==") == 1
    assert "pywin32" not in pins
    assert ";" not in pins
