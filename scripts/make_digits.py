"""Make `tinytorch/digits.npz` again: `python scripts/make_digits.py`, or `--check` to look at the one that is there.

For maintainers; needs scikit-learn (`pip install scikit-learn`), which carries the test part of the UCI set. The check
needs NumPy alone. The test split is part of the file, so that no later version of a random generator can change it.
"""

import argparse
import hashlib
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

PATH = Path(__file__).resolve().parent.parent / "tinytorch" / "digits.npz"
SHA256 = "6b13700dbe7713498e7f601db02df46e96429f6bc5a9638fbbd9f46a7318b397"
TEST_SAMPLES = 360
SPLIT_SEED = 0

Arrays = dict[str, NDArray[Any]]


def make() -> Arrays:
    """Return images (1797, 8, 8) uint8 from 0 to 16, labels (1797,) uint8, and test (360,) uint16, sorted indices."""
    try:
        from sklearn.datasets import load_digits  # type: ignore[import-not-found, import-untyped, unused-ignore]
    except ImportError:
        sys.exit("make_digits: scikit-learn is missing, which carries the images; try: pip install scikit-learn")
    digits = load_digits()
    labels = digits.target.astype(np.uint8)
    return {"images": digits.images.astype(np.uint8), "labels": labels, "test": stratified(labels)}


def stratified(labels: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """Return TEST_SAMPLES sorted indices, as many of each label as its share (largest remainders rounded up)."""
    generator = np.random.default_rng(SPLIT_SEED)
    shares = np.bincount(labels) * TEST_SAMPLES / len(labels)
    counts = np.floor(shares).astype(int)
    counts[np.argsort(counts - shares, kind="stable")[: TEST_SAMPLES - counts.sum()]] += 1
    drawn = [generator.permutation(np.flatnonzero(labels == digit))[:count] for digit, count in enumerate(counts)]
    return np.sort(np.concatenate(drawn)).astype(np.uint16)


def digest(arrays: Arrays) -> str:
    """Return the SHA-256 of the arrays' names, shapes, dtypes and bytes (the file's vary with zlib's version)."""
    total = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        total.update(f"{name} {array.shape} {array.dtype.str};".encode() + array.tobytes())
    return total.hexdigest()


def main() -> int:
    """Write the file, or check it; exit 1 where the arrays aren't the known ones."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing")
    if parser.parse_args().check:
        with np.load(PATH) as file:
            arrays = dict(file)
    else:
        arrays = make()
    found = digest(arrays)
    if found != SHA256:
        print(f"make_digits: the arrays' SHA-256 is {found}, wanted {SHA256}; nothing was written", file=sys.stderr)
        return 1
    if not parser.parse_args().check:
        np.savez_compressed(PATH, **arrays)  # type: ignore[arg-type, unused-ignore]  # its stub takes a flag by keyword
    print(f"{PATH.name}: {PATH.stat().st_size:,} bytes, {', '.join(f'{k} {v.shape}' for k, v in arrays.items())}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
