"""The output folder: refused when it is taken, staged out of sight, and there all at once."""

import glob
import json
import shutil
from pathlib import Path
from typing import Any

from scoring.errors import OutputExistsError
from scoring.held_folder import HeldFolder
from scoring.publication import FAILURES, SUMMARY, Publication, taken
from scoring.settings import OutputAction, Settings
from scoring.storage import Folder, link_or_copy


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


def check_output(url: str, settings: Settings, job: str | None = None, *, overwrite: bool = False) -> None:
    """Refuse an output folder that holds one of the names this job would write.

    Raises: OutputExistsError, unless the job itself wrote them when it ended before, or they are to be replaced; also
        when a file is in the folder's own place.
    """
    output = Folder(url)
    if output.is_local and output.exists() and not Path(output.path).is_dir():
        raise OutputExistsError(output.url)
    if overwrite:
        return
    own = written_by(output, job) if job else set()
    for name in output_names(settings):
        if name not in own and output.exists(name):
            raise taken(output.url_of(name))


class Staging:
    """A place on the output's own store (or this machine, for a bucket) where the output is made before it is there."""

    def __init__(self, output: Folder, job: str, generation: int = 0) -> None:
        """Make the place, which no other run of the job uses: the generation is that of this run's lease."""
        self._output = output
        self._job = job
        self._held = None if output.is_local else HeldFolder("output")
        if self._held is not None:
            self.path = self._held.path
        else:
            beside = Path(output.path)
            beside.parent.mkdir(parents=True, exist_ok=True)
            self.path = beside.with_name(f".{beside.name}.{job}.{generation}.unfinished")
            shutil.rmtree(self.path, ignore_errors=True)
            self.path.mkdir()

    def take_in(self, name: str, source: Folder, stored: str) -> int:
        """Take in a file that lies elsewhere already, whole files never in memory; its size in bytes.

        Args:
            name: that it is to have in the output.
            source: the folder that it lies in.
            stored: its name there.
        """
        target = self.path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if not source.is_local:
            source.fetch(stored, target)
        elif self._output.is_local:
            link_or_copy(Path(source.at(stored)), target)
        else:
            target.symlink_to(source.at(stored))  # it is read when it is put
        return target.stat().st_size

    def names(self) -> list[str]:
        """What is staged, relative, the summary last: whoever finds that one finds the others."""
        found = [str(path.relative_to(self.path)) for path in self.path.rglob("*") if path.is_file()]
        return sorted(found, key=lambda name: (name == SUMMARY, name))

    def commit(self, *, overwrite: bool = False) -> None:
        """Make the output appear: one rename where nothing is in its place, else file by file, never over another's.

        Raises: OutputExistsError when a name is taken by now; then nothing of this job is left in the folder.
        """
        if not self._renamed():
            own = written_by(self._output, self._job)
            Publication(self._output, self._job, own, overwrite=overwrite).publish(self.path, self.names())
        self.discard()
        self._discard_older()

    def _renamed(self) -> bool:
        """Whether the whole folder could be given its name, as where nothing of that name is on this machine."""
        if not self._output.is_local:
            return False
        try:
            self.path.rename(self._output.path)
        except OSError:  # the folder is there and has something in it
            return False
        return True

    def discard(self) -> None:
        """Remove what is staged."""
        shutil.rmtree(self.path, ignore_errors=True)
        if self._held is not None:
            self._held.remove()

    def _discard_older(self) -> None:
        """Remove what runs of this job staged that were killed."""
        if self._output.is_local:
            beside = Path(self._output.path)
            for older in beside.parent.glob(f".{glob.escape(beside.name)}.{self._job}.*.unfinished"):
                shutil.rmtree(older, ignore_errors=True)
