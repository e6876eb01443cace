"""The container's image: build it, try it out, compare two builds, pin its base. For maintainers and CI.

    python3 scripts/image.py build            .devcontainer/Dockerfile for amd64 and arm64; sizes and times
    python3 scripts/image.py try              in the image, without network: the suite, doctor, profilers, debugger
    python3 scripts/image.py compare          two builds from nothing: the same versions of everything?
    python3 scripts/image.py pin              write the base image's digest, as the registry has it, into the Dockerfile

Needs Docker with buildx, or Podman. `--arch arm64` takes that architecture alone; the one that this machine isn't runs
under emulation (qemu), several times slower. BASE_IMAGE in the environment takes another base, such as a mirror's.
"""

import sys

import find_python


def main():  # type: () -> int
    """Do what the command line asks for."""
    import image_commands

    return image_commands.main(__doc__)


if __name__ == "__main__":
    if "--help" in sys.argv[1:2] or "-h" in sys.argv[1:2]:
        print(__doc__)
        sys.exit(0)
    find_python.switch_if_unfit()
    from workspace_setup import leave  # written for a Python that fits, as all but this file and find_python

    leave(main)
