"""Which files are models that need no scoring script.

It needs no package of any model's, so that whoever registers one can ask too. What is raised says what a model "holds".
"""

from __future__ import annotations

import os
import zipfile

READERS = {
    ".onnx": "onnx_file",
    ".pkl": "pickle_file",
    ".joblib": "pickle_file",
    ".pt2": "torch_file",
    ".pt": "torch_file",
    ".ts": "torch_file",
    ".keras": "keras_file",
}
"""The module here that reads a file, by the end of the file's name."""


def find(path: str) -> str:
    """The model's file: the one at a path, or the only one of these kinds below a folder.

    Raises: ValueError, which says what it holds, when there is none or there are several.
    """
    found = [file for file in _files(path) if reader_of(file) is not None]
    if not found:
        raise ValueError("holds no file of a kind that is scored without a script: %s" % ", ".join(READERS))
    if len(found) > 1:
        names = ", ".join(sorted(os.path.relpath(file, path) for file in found))
        raise ValueError("holds several: %s; give the path of one" % names)
    _check(found[0])
    return found[0]


def reader_of(file: str) -> str | None:
    """The module that reads a file; None for other files."""
    return READERS.get(os.path.splitext(file)[1].lower())


def is_torchscript(file: str) -> bool:
    """Whether a file is what torch.jit.save writes: an archive with the program's code in it."""
    return any("/code/" in name for name in _names_in(file))


def _check(file: str) -> None:
    """Weights are saved under the same ends of names as programs. Raises: ValueError."""
    if reader_of(file) == "torch_file" and not is_torchscript(file) and not _is_exported(file):
        raise ValueError(
            "holds %s, which is no program: weights and pickled modules need the code of their network; save it with "
            "torch.export.save or torch.jit.save" % os.path.basename(file)
        )


def _is_exported(file: str) -> bool:
    marks = ("archive_format", "serialized_exported_program.json")  # the second one up to PyTorch 2.6
    return any(name.rpartition("/")[2] in marks for name in _names_in(file))


def _names_in(file: str) -> list[str]:
    if not zipfile.is_zipfile(file):
        return []
    with zipfile.ZipFile(file) as archive:
        return archive.namelist()


def _files(path: str) -> list[str]:
    if not os.path.isdir(path):
        return [path]
    return [os.path.join(at, name) for at, _, names in os.walk(path, followlinks=True) for name in names]
