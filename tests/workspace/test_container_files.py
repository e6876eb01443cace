"""The container's files: what can be said of them without building an image."""

import re
import subprocess
from pathlib import Path, PurePosixPath

import image_engine
import pytest
import yaml
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


# ---- the workflows


WORKFLOWS = ROOT / ".github" / "workflows"
EVERYWHERE = sorted(WORKFLOWS.glob("*.yml"))


def workflow(path):
    """Read a workflow. YAML takes its key `on` for a truth value."""
    found = yaml.safe_load(path.read_text("utf-8"))
    return {**found, "on": found.pop(True)}


def steps_of(path):
    return [step for job in workflow(path)["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize("path", EVERYWHERE, ids=lambda path: path.name)
def test_workflows_may_only_read_unless_a_job_publishes(path):
    found = workflow(path)
    assert found["permissions"] == {"contents": "read"}
    for job in found["jobs"].values():
        asked = job.get("permissions", {})
        assert set(asked.items()) <= {("contents", "read"), ("packages", "write")}
        assert ("packages" in asked) == any("docker push" in run or "imagetools create" in run for run in runs(job))
        assert job["timeout-minutes"]


def runs(job):
    return [step["run"] for step in job["steps"] if "run" in step]


@pytest.mark.parametrize("path", EVERYWHERE, ids=lambda path: path.name)
def test_workflows_use_the_hosts_own_actions_and_keep_no_credentials(path):
    for step in steps_of(path):
        if "uses" in step:
            assert re.fullmatch(r"actions/[\w-]+@v\d+", step["uses"])
            if step["uses"].startswith("actions/checkout"):
                assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize("path", EVERYWHERE, ids=lambda path: path.name)
def test_what_workflows_run_is_bash_without_text_put_in_from_outside(path):
    for command in (step["run"] for step in steps_of(path) if "run" in step):
        assert "${{" not in command, "a branch's name would run as code: hand it on by env"
        subprocess.run(["bash", "-n", "-c", command], check=True)


def test_each_architecture_is_built_and_tried_on_a_machine_of_its_own_kind():
    job = workflow(WORKFLOWS / "image.yml")["jobs"]["build"]
    assert {entry["arch"]: entry["os"] for entry in job["strategy"]["matrix"]["include"]} == {
        "amd64": "ubuntu-24.04",
        "arm64": "ubuntu-24.04-arm",
    }
    said = "\n".join(runs(job))
    assert said.index("image.py build") < said.index("image.py try") < said.index("docker push")
    assert job["env"]["BASE_IMAGE"] == "${{ needs.base.outputs.image }}"  # both on the same base


def test_nothing_is_published_but_a_tag_into_the_repositorys_own_registry():
    jobs = workflow(WORKFLOWS / "image.yml")["jobs"]
    on_a_tag = "startsWith(github.ref, 'refs/tags/v')"
    pushing = [step for step in jobs["build"]["steps"] if "docker push" in step.get("run", "")]
    assert [step["if"] for step in pushing] == [jobs["publish"]["if"]] == [on_a_tag]
    for command in [step["run"] for step in pushing] + runs(jobs["publish"]):
        assert 'image="ghcr.io/${GITHUB_REPOSITORY,,}:' in command
    assert "GITHUB_STEP_SUMMARY" in runs(jobs["publish"])[0]


def test_the_workflow_calls_image_py_as_it_is():
    options = {"build": {"--arch"}, "try": {"--arch"}, "pin": {"--print"}}
    text = (WORKFLOWS / "image.yml").read_text("utf-8")
    calls = re.findall(r"scripts/image\.py (\w+) (--\w+)", text)
    assert {verb for verb, _ in calls} == set(options)
    for verb, option in calls:
        assert option in options[verb]
    assert image_engine.tag_of("$ARCH") in text


# ---- the page


def test_the_page_names_commands_that_are_there():
    text = (FOLDER / "README.md").read_text("utf-8")
    for name in re.findall(r"scripts/(\w+\.py)", text):
        assert (ROOT / "scripts" / name).is_file()
    for link in re.findall(r"\]\((?!http)([^)#]+)", text):
        assert (FOLDER / link).exists()
