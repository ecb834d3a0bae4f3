"""What a folder holds, as digests: how a registered thing is known again, and found to be what was registered."""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from blocks.specs import Model
from flows.errors import JobRefusedError


def hash_file(file: Path) -> str:
    """SHA-256 of a file. Raises: OSError."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def combined(digests: Mapping[str, str]) -> str:
    """SHA-256 of files' names and digests, the same whatever order a file system lists them in."""
    summed = hashlib.sha256()
    for name, digest in sorted(digests.items()):
        summed.update(os.fsencode(name) + b"\0" + digest.encode() + b"\n")
    return summed.hexdigest()


def digests_file(copy: Path) -> Path:
    """Where the digests of the files of a registered copy are kept: beside it, since scripts list the folder itself."""
    return copy.with_name(f".{copy.name}.digests.json")


def check_model(model: Model) -> None:
    """Read a model's copy and hold it against the digest it was registered with.

    Raises: JobRefusedError, naming the files that are not what they were.
    """
    if model.digest is None:
        return
    copy = Path(model.path)
    try:
        found = {str(file.relative_to(copy)): hash_file(file) for file in _files_below(copy)}
    except OSError as error:
        raise JobRefusedError(f"{model.word} {model} cannot be read: {error.filename}: {error.strerror}") from error
    if combined(found) != model.digest:
        raise JobRefusedError(
            f"{model.word} {model} is not what was registered: {_difference(copy, found)}; put back what was there, or "
            f"register it as a new version: batchpoint model create --name {model.name} --path FOLDER"
        )


def _files_below(folder: Path) -> Iterable[Path]:
    if not folder.is_dir():
        raise FileNotFoundError(2, os.strerror(2), str(folder))
    return (path for path in folder.rglob("*") if path.is_file())


def _difference(copy: Path, found: Mapping[str, str]) -> str:
    try:
        registered = json.loads(digests_file(copy).read_bytes())
    except FileNotFoundError:
        return f"files in {copy} have changed"
    differing = sorted(name for name in {*found, *registered} if found.get(name) != registered.get(name))
    return f"in {copy} {', '.join(differing[:3])}{' and others' if len(differing) > 3 else ''} changed"
