"""Where the benchmark keeps its files: under build/, which git ignores."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from benchmarks.work import MODEL, REPOSITORY, Work
from deployments.embedded.home import Home

SCRIPTS = REPOSITORY / "benchmarks" / "scripts"


@dataclass(frozen=True)
class Workspace:
    """A folder for all that one command makes."""

    path: Path

    @classmethod
    def make(cls, path: Path) -> "Workspace":
        """The folder, with the scoring scripts in it: the example's and those of the benchmark."""
        made = cls(path.absolute())
        for folder in (made.inputs, made.logs):
            folder.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(made.code, ignore_errors=True)
        shutil.copytree(MODEL.parent / "code", made.code)
        shutil.copytree(SCRIPTS, made.code, dirs_exist_ok=True)
        return made

    @property
    def inputs(self) -> Path:
        """Files to score, kept from one run to the next."""
        return self.path / "inputs"

    @property
    def code(self) -> Path:
        """The folder of scoring scripts."""
        return self.path / "code"

    @property
    def logs(self) -> Path:
        """What systems print."""
        return self.path / "logs"

    @property
    def marks(self) -> Path:
        """What scripts/timed.py notes."""
        return self.path / "marks"

    @property
    def home(self) -> Home:
        """Of the embedded server."""
        return Home(self.path / "home")

    def work(self, script: str, inputs: Path, *, files: int, mini_batch_size: int, processes: int) -> Work:
        """A job on files of this workspace."""
        return Work(
            script=script,
            code=self.code,
            inputs=inputs,
            files=files,
            mini_batch_size=mini_batch_size,
            processes=processes,
            marks=self.marks,
            output=self.path / "output",
        )
