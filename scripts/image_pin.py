"""Pin the base image: its digest, as the registry says it now, becomes the Dockerfile's default. Used by `image.py`."""

import json
import re
from pathlib import Path

from image_engine import ARCHS, DOCKERFILE, Engine
from setup_problems import SetupError

# FROM ${BASE_IMAGE:-NAME:TAG[@DIGEST]} AS base
DEFAULT = re.compile(r"(?<=\$\{BASE_IMAGE:-)(?P<name>[^}@]+)(?P<digest>@sha256:[0-9a-f]{64})?(?=\})")
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
UNREACHABLE = """The digest of {name} can't be had from its registry, so nothing was changed.
{said}
Try again where the registry can be reached, or name a mirror's image in BASE_IMAGE when you build."""


def pin(engine: Engine, write: bool = True, dockerfile: Path = DOCKERFILE) -> int:
    """Ask for the base's digest and write it into the Dockerfile; write=False only prints the pinned name."""
    text = dockerfile.read_text("utf-8")
    found = DEFAULT.search(text)
    if not found:
        raise SetupError(f"{dockerfile} has no line `FROM ${{BASE_IMAGE:-NAME:TAG}} AS base` to pin.")
    name = found["name"]
    try:
        digest = list_digest(engine, name)
    except SetupError as problem:
        raise SetupError(UNREACHABLE.format(name=name, said=problem)) from problem
    pinned = f"{name}@{digest}"
    print(pinned)
    if write and pinned != found[0]:
        dockerfile.write_text(text[: found.start()] + pinned + text[found.end() :], "utf-8")
    return 0


def list_digest(engine: Engine, name: str) -> str:
    """Return the digest under which the registry has an image's list of architectures; raise where it has none."""
    for pinned in pinned_names(engine, name):  # podman knows the list's and this machine's image's, in no order
        digest = pinned.rpartition("@")[2]
        if DIGEST.fullmatch(digest) and set(ARCHS) <= architectures(engine, pinned):
            return digest
    raise SetupError(f"{name} is no list of images with both {' and '.join(ARCHS)}.")


def pinned_names(engine: Engine, name: str) -> list[str]:
    """Ask the registry under which digests it has an image; return them as REPOSITORY@DIGEST."""
    whole = whole_name(name)
    if engine.command == "docker":
        digest = engine.asked("buildx", "imagetools", "inspect", whole, "--format", "{{.Manifest.Digest}}")
        return [f"{whole.rpartition(':')[0]}@{digest}"]
    engine.asked("pull", "--quiet", whole)
    return engine.asked("image", "inspect", "--format", "{{.RepoDigests}}", whole).strip("[]").split()


def whole_name(name: str) -> str:
    """Say where NAME:TAG lies: podman would take any registry's image with that name, if it has one already."""
    first, slash, _ = name.partition("/")
    if slash and (set(first) & {".", ":"} or first == "localhost"):
        return name
    return f"docker.io/{name}" if slash else f"docker.io/library/{name}"


def architectures(engine: Engine, pinned: str) -> set[str]:
    """Return what architectures the list under a digest has; none where it is no list, which podman calls an error."""
    inspect = ["buildx", "imagetools", "inspect", "--raw"] if engine.command == "docker" else ["manifest", "inspect"]
    try:
        listed = json.loads(engine.asked(*inspect, pinned)).get("manifests", [])
    except SetupError as error:
        if "single image" not in str(error):
            raise
        return set()
    return {entry.get("platform", {}).get("architecture", "") for entry in listed}
