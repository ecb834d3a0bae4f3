"""The output folder: refused when it is taken, staged out of sight, and there all at once."""

import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from scoring.errors import AccountExistsError, OutputExistsError, ScriptError
from scoring.settings import OutputAction, Settings
from scoring.storage import Folder

FAILURES = "failures.jsonl"
SUMMARY = "summary.json"


def partial_name(name: str) -> str:
    """What an output file is called that does not hold every row: predictions.csv becomes predictions.partial.csv."""
    stem, dot, extension = name.rpartition(".")
    return f"{stem}.partial.{extension}" if dot else f"{name}.partial"


def output_names(settings: Settings) -> list[str]:
    """The files that a job with these settings writes into its output folder."""
    rows = [settings.output_file_name] if settings.output_action == OutputAction.APPEND_ROW else []
    return [*rows, FAILURES, SUMMARY]


def summary_of(output: Folder, job: str) -> dict[str, Any]:
    """The summary that this very job wrote into the output folder when it ended before; empty if it did not."""
    if not output.exists(SUMMARY):
        return {}
    try:
        found = json.loads(output.read(SUMMARY))
    except ValueError:
        return {}  # somebody else's file of that name
    return found if isinstance(found, dict) and found.get("job") == job else {}


def written_by(output: Folder, job: str) -> set[str]:
    """Names in the output folder that this very job wrote when it ended before, as its summary tells."""
    return set(summary_of(output, job).get("written", ()))


def check_output(url: str, settings: Settings, job: str | None = None) -> None:
    """Refuse an output folder that holds one of the names this job would write.

    Raises: OutputExistsError, unless the job itself wrote them when it ended before; also when a file is in the
        folder's own place.
    """
    output = Folder(url)
    if output.is_local and output.exists() and not Path(output.path).is_dir():
        raise OutputExistsError(output.url)
    own = written_by(output, job) if job else set()
    for name in output_names(settings):
        if name not in own and output.exists(name):
            raise _taken(output.url_of(name))


def _taken(url: str) -> OutputExistsError:
    is_account = url.rpartition("/")[2] in {FAILURES, SUMMARY}
    return AccountExistsError(url) if is_account else OutputExistsError(url)


def link_or_copy(source: Path, target: Path) -> None:
    """Make a file appear, whole, under a name that must be free.

    Raises: FileExistsError when the name is taken.
    """
    try:
        os.link(source, target)
    except FileExistsError:
        raise
    except OSError:  # another file system, or one without links
        unfinished = target.with_name(f".{target.name}.unfinished")
        shutil.copyfile(source, unfinished)
        if os.path.lexists(target):
            unfinished.unlink()
            raise FileExistsError(str(target)) from None
        unfinished.replace(target)


class Staging:
    """A place on the output's own store (or this machine, for a bucket) where the output is made before it is there."""

    def __init__(self, output: Folder, job: str) -> None:
        self._output = output
        self._job = job
        if output.is_local:
            beside = Path(output.path)
            beside.parent.mkdir(parents=True, exist_ok=True)
            self.path = beside.with_name(f".{beside.name}.{job}.unfinished")
            shutil.rmtree(self.path, ignore_errors=True)
            self.path.mkdir()
        else:
            self.path = Path(tempfile.mkdtemp(prefix="batchpoint-output-"))

    def adopt(self, folder: Path) -> None:
        """Take in the files that the script wrote itself.

        Raises: ScriptError when one has a name that the job writes.
        """
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                target = self.path / path.relative_to(folder)
                if target.exists() or target == self.path / SUMMARY:
                    raise ScriptError(
                        f"the scoring script wrote {path.relative_to(folder)} into AZUREML_BI_OUTPUT_PATH, where the "
                        "job writes a file of that name itself; give the script's file another name"
                    )
                target.parent.mkdir(parents=True, exist_ok=True)
                link_or_copy(path, target)

    def names(self) -> list[str]:
        """What is staged, relative, the rows' file last: whoever waits for that one finds the others there."""
        found = [str(path.relative_to(self.path)) for path in self.path.rglob("*") if path.is_file()]
        return sorted(found, key=lambda name: (name not in {FAILURES, SUMMARY}, name))

    def commit(self, *, overwrite: bool = False) -> None:
        """Make the output appear: one rename where nothing is in its place, else file by file, never over another's.

        Raises: OutputExistsError when a name is taken by now; then nothing of this job is left in the folder.
        """
        own = written_by(self._output, self._job)
        if self._output.is_local:
            self._commit_local(own, overwrite=overwrite)
        else:
            for name in self.names():
                if not overwrite and name not in own and self._output.exists(name):
                    raise _taken(self._output.url_of(name))
            for name in self.names():
                self._output.put(self.path / name, name)
            for name in own - {*self.names()}:
                self._output.remove(name)
        self.discard()

    def _commit_local(self, own: set[str], *, overwrite: bool) -> None:
        target = Path(self._output.path)
        try:
            self.path.rename(target)  # fails where the folder is there and has anything in it
        except OSError:
            self._link_into(target, own, overwrite=overwrite)

    def _link_into(self, target: Path, own: set[str], *, overwrite: bool) -> None:
        for name in own:
            (target / name).unlink(missing_ok=True)
        made: list[Path] = []
        for name in self.names():
            path = target / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if overwrite:
                (self.path / name).replace(path)
                continue
            try:
                link_or_copy(self.path / name, path)
            except FileExistsError:
                for earlier in made:
                    earlier.unlink()
                raise _taken(str(path)) from None
            made.append(path)

    def discard(self) -> None:
        """Remove what is staged."""
        shutil.rmtree(self.path, ignore_errors=True)
