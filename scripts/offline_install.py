"""Install from a packed folder, without a network: `.venv` from its packages, or its image into the engine."""

import os
import shutil
from pathlib import Path

from image_engine import find_engine, own_arch, tag_of
from offline_folder import IMAGES, WHEELS, check_fit, read_sums, verify
from setup_making import make_environment
from setup_problems import SetupError, explain_os_error
from setup_state import LOCK, ROOT, VENV, is_ready, say
from workspace_setup import ready_elsewhere, say_how_to_call_tito

ASIDE = ROOT / ".venv.before"

NO_IMAGE = """{folder} has no image for this machine ({arch}).
Packed with `--images` it has one: python3 scripts/offline.py pack FOLDER --images, where scripts/image.py built it."""
LOADED = """The image is loaded as {tag}. In the course's folder this opens a shell in it; tito is there:
  {command} run --rm --interactive --tty --cap-add SYS_PTRACE{keep} \\
    --volume "$PWD:/workspaces/tinytorch" --workdir /workspaces/tinytorch {tag} \\
    bash -c 'python scripts/workspace_setup.py && exec bash'"""


def install(folder: str, image: bool) -> int:
    """Install and say what to do next."""
    place = Path(folder).resolve()
    try:
        return load_image(place) if image else make_venv(place)
    except OSError as error:
        raise explain_os_error(error, ROOT) from error


def make_venv(folder: Path) -> int:
    """Make .venv from the folder alone; where that fails, the one from before is there again."""
    if is_ready() or ready_elsewhere():
        say("The environment is there already, with all of the lock: nothing to install.")
        return 0
    wheels = verify(folder, f"{WHEELS}/")
    check_fit(folder, LOCK)
    say(f"{len(wheels)} packages are as they were packed.")
    use_only(folder / WHEELS)
    set_aside()
    try:
        make_environment()
    except BaseException as problem:
        put_back()
        if isinstance(problem, SetupError):
            raise SetupError(f"{problem}\nNothing was installed from {folder}.") from problem
        raise
    if ASIDE.exists():
        shutil.rmtree(ASIDE)
    say("Next: python3 scripts/check.py")
    say_how_to_call_tito(VENV / "bin" / "python")
    return 0


def use_only(wheels: Path) -> None:
    """Have pip, and the pip that builds a source package, take files from one folder and ask no index."""
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        del os.environ[name]
    # As a URL: pip splits this variable at spaces.
    os.environ |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": wheels.as_uri(), "PIP_CONFIG_FILE": os.devnull}


def set_aside() -> None:
    """Keep the .venv that is there until the new one is made."""
    if ASIDE.exists():  # an installation was killed: what is in .venv is half of one
        shutil.rmtree(VENV, ignore_errors=True)
    elif VENV.exists():
        VENV.rename(ASIDE)


def put_back() -> None:
    """Take away what was made, and put the .venv from before into its place."""
    shutil.rmtree(VENV, ignore_errors=True)
    if ASIDE.exists():
        ASIDE.rename(VENV)


def load_image(folder: Path) -> int:
    """Load this machine's image into the engine."""
    name = f"{IMAGES}/tinytorch-{own_arch()}.tar.gz"
    if name not in read_sums(folder):
        raise SetupError(NO_IMAGE.format(folder=folder, arch=own_arch()))
    engine = find_engine()
    [archive] = verify(folder, name)
    engine.load(archive)
    keep = (
        " --userns=keep-id" if engine.command == "podman" and os.getuid() else ""
    )  # the folder is yours in there, too
    say(LOADED.format(tag=tag_of(own_arch()), command=engine.command, keep=keep))
    return 0
