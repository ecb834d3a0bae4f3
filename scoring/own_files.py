"""Files that a script wrote itself, as they are published with the output.

Each call of run() that returned has a folder of them in the job's folder, which the facts of its mini-batch name. What
a try wrote that failed, or a run of the job that was killed, is in no folder that any facts name, and not published.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from scoring.errors import ScriptError
from scoring.facts import Facts
from scoring.job import Job
from scoring.output import output_names, partial_name
from scoring.own_folder import OwnFilesError, files_in
from scoring.publication import CLAIM


@dataclass(frozen=True, slots=True)
class OwnFile:
    """A file to publish.

    Attributes:
        stored: where it lies, below the job's own files.
        size: in bytes.
        mini_batch: that it was written for; None where all write into one folder.
    """

    stored: str
    size: int
    mini_batch: int | None


class OwnFiles:
    """What is published, by name. No name is another's, nor one that the job itself writes."""

    def __init__(self, job: Job) -> None:
        self.files: dict[str, OwnFile] = {}
        self._folders: dict[str, OwnFile] = {}
        self._mini_batches: set[int] = set()
        self._job = job
        names = output_names(job.manifest.settings)
        self._taken = {*names, partial_name(names[0]), CLAIM}

    def add(self, facts: Facts) -> None:
        """Take in what was written for a mini-batch, once. Raises: ScriptError when a name is taken."""
        if not facts.written or facts.mini_batch in self._mini_batches:
            return
        self._mini_batches.add(facts.mini_batch)
        for written in facts.written:
            for file in written.files:
                self._add(file.name, OwnFile(f"{written.folder}/{file.name}", file.size, facts.mini_batch))

    def add_shared(self) -> None:
        """Take in what lies in the folder that all mini-batches write into. Raises: ScriptError."""
        try:
            for file in files_in(Path(self._job.manifest.own_files.path)):
                self._add(file.name, OwnFile(file.name, file.size, None))
        except OwnFilesError as error:
            raise ScriptError(str(error)) from error

    def _add(self, name: str, file: OwnFile) -> None:
        top = name.partition("/")[0]
        if top in self._taken:
            raise ScriptError(
                f"the scoring script wrote {top} into AZUREML_BI_OUTPUT_PATH, where the job writes a file of that name "
                "itself; give the script's file another name"
            )
        parents = [str(parent) for parent in PurePosixPath(name).parents][:-1]
        for other in self._holding(name, parents):
            self._refuse(name, other, file)
        self.files[name] = file
        for parent in parents:
            self._folders.setdefault(parent, file)

    def _holding(self, name: str, parents: list[str]) -> Iterator[OwnFile]:
        """Files of that name, in a folder of that name, or of a name that has to be a folder."""
        for place in (self.files, self._folders):
            if name in place:
                yield place[name]
        yield from (self.files[parent] for parent in parents if parent in self.files)

    def _refuse(self, name: str, one: OwnFile, other: OwnFile) -> None:
        indexes = sorted({each.mini_batch for each in (one, other) if each.mini_batch is not None})
        named = " and ".join(
            f"mini-batch {index} (of {files[0].path}{' and others' if len(files) > 1 else ''})"
            for index, files in self._job.read_mini_batches(indexes)
        )
        raise ScriptError(
            f"the scoring script wrote {name!r} into AZUREML_BI_OUTPUT_PATH for {named}, and one would replace the "
            "other; name files after those they are made from, or keep the last one with settings.shared_output: true"
        )
