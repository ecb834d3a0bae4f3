"""The files that are scored: as many MNIST-like PNGs as asked for, the same ones each time."""

import shutil
from itertools import product
from pathlib import Path

import numpy as np
from PIL import Image

from examples.mnist.make_data import HERE, load

HELD_OUT = HERE / "held_out.npz"
SHIFTS = sorted(product(range(-2, 3), repeat=2), key=lambda shift: (abs(shift[0]) + abs(shift[1]), shift))


def make_images(folder: Path, count: int) -> Path:
    """Write `count` images of 28 x 28 pixels: the example's 1,000 held-out digits, each moved by up to two pixels.

    A folder that was finished before is taken as it is.

    Args:
        folder: where to; its images are in a folder below it that is named for their number.
        count: 1 to 25,000.
    Returns: that folder.
    Raises: ValueError for more than there are.
    """
    ready = folder / f"images-{count}"
    if ready.is_dir():
        return ready
    digits = list(load(HELD_OUT))
    if not 0 < count <= len(digits) * len(SHIFTS):
        raise ValueError(f"{count} images cannot be made; 1 to {len(digits) * len(SHIFTS)} can")
    half = folder / f"images-{count}.half"
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(parents=True)
    for number in range(count):
        turn, digit = divmod(number, len(digits))
        moved = np.roll(digits[digit].pixels, SHIFTS[turn], axis=(0, 1))
        Image.fromarray(moved).save(half / f"{turn:02}-{digits[digit].file_name}")
    return half.rename(ready)


def make_empty_files(folder: Path, count: int, per_folder: int = 1000) -> Path:
    """Create `count` files of one byte, in folders of `per_folder`, for jobs that open none of them; as make_images."""
    ready = folder / f"files-{count}"
    if ready.is_dir():
        return ready
    half = folder / f"files-{count}.half"
    shutil.rmtree(half, ignore_errors=True)
    for number in range(count):
        parent = half / f"{number // per_folder:06}"
        if number % per_folder == 0:
            parent.mkdir(parents=True)
        (parent / f"{number:09}.bin").write_bytes(b"-")
    return half.rename(ready)
