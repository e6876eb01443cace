"""The container's files: what can be said of them without building an image."""

import re
from pathlib import Path, PurePosixPath

import pytest
from debug_client import read_jsonc

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".devcontainer"


@pytest.fixture(scope="module")
def container():
    return read_jsonc(FOLDER / "devcontainer.json")


@pytest.fixture(scope="module")
def instructions():
    """The Dockerfile's instructions as (name, the rest), without comments, each in one line."""
    lines = [line for line in (FOLDER / "Dockerfile").read_text("utf-8").splitlines() if not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [tuple(line.split(maxsplit=1)) for line in joined.splitlines() if line.strip()]


def said(instructions, name):
    return [rest for instruction, rest in instructions if instruction == name]


def test_builds_this_dockerfile_with_the_lock_in_reach(container):
    assert (FOLDER / container["build"]["dockerfile"]).is_file()
    assert (FOLDER / container["build"]["context"]).resolve() == ROOT
    assert "!requirements.lock" in (ROOT / ".dockerignore").read_text("utf-8").splitlines()


def test_installs_the_lock_and_nothing_but_the_lock(instructions):
    installed = [command for command in said(instructions, "RUN") if "pip install" in command]
    assert len(installed) == 1
    assert {"--require-hashes", "--no-deps", "--requirement"} <= set(installed[0].split())
    copied = [rest.split() for rest in said(instructions, "COPY") if "--from" not in rest]
    assert [words[0] for words in copied] == ["requirements.lock"]
    assert installed[0].split()[-1] == copied[0][1]


def test_takes_nothing_else_from_the_web(container, instructions):
    assert not said(instructions, "ADD")
    assert not re.search(r"curl|wget|://|# *syntax *=", (FOLDER / "Dockerfile").read_text("utf-8"))
    assert "features" not in container
    for command in container["updateContentCommand"].values():
        assert "pip" not in command or {"--no-deps", "--no-build-isolation"} <= set(command.split())


def test_an_empty_base_image_means_the_default(container, instructions):
    assert container["build"]["args"] == {"BASE_IMAGE": "${localEnv:BASE_IMAGE}"}
    assert said(instructions, "FROM")[0].startswith("${BASE_IMAGE:-debian:trixie-slim")


def test_works_as_a_user_who_is_not_root(container, instructions):
    assert instructions.index(("USER", container["remoteUser"])) > 0
    assert said(instructions, "USER")[-1] == container["remoteUser"] != "root"


def test_editor_and_scripts_use_the_images_environment(container, instructions):
    environment = dict(re.findall(r"(\w+)=(\S+)", " ".join(said(instructions, "ENV"))))
    python = PurePosixPath(container["customizations"]["vscode"]["settings"]["python.defaultInterpreterPath"])
    assert str(python) == environment["TINYTORCH_ENV"] + "/bin/python"
    assert environment["PATH"].split(":")[0] == str(python.parent)


def test_has_the_extensions_that_the_folder_recommends(container):
    recommended = read_jsonc(ROOT / ".vscode" / "extensions.json")["recommendations"]
    assert set(recommended) <= set(container["customizations"]["vscode"]["extensions"])


def test_opens_at_the_first_guide(container):
    opened = container["customizations"]["codespaces"]["openFiles"]
    assert opened == ["modules/00_setup/README.md"]
    assert (ROOT / opened[0]).is_file()
