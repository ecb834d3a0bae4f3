"""One job, as every system is given it."""

import os
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from scoring.launch import THREAD_VARIABLES

REPOSITORY = Path(__file__).resolve().parents[1]
MODEL = REPOSITORY / "examples" / "mnist" / "deployment-torch" / "model"


def script_variables(script: str, marks: Path) -> dict[str, str]:
    """The environment variables that scripts/timed.py asks for."""
    return {"BENCHMARK_SCRIPT": script, "BENCHMARK_MARKS": str(marks)}


class Work(BaseModel):
    """What to score, how, and where to put the rows. Paths are absolute and local."""

    model_config = ConfigDict(frozen=True)

    script: str
    """The module that scripts/timed.py runs: batch_driver (the example's PyTorch script) or noop."""
    code: Path
    """The folder that it lies in."""
    inputs: Path
    files: int
    """How many of the inputs, in order, are scored."""
    mini_batch_size: int
    processes: int
    marks: Path
    output: Path
    """A folder that is not there yet."""

    @property
    def mini_batches(self) -> int:
        """How many calls of run() the job is."""
        return -(-self.files // self.mini_batch_size)

    @property
    def key(self) -> str:
        """For names of logs."""
        return f"{self.script}-{self.mini_batch_size}"

    def environment(self) -> dict[str, str]:
        """What the script needs to find, and one thread for each of its numeric libraries: as in a scoring process."""
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")},
            **dict.fromkeys(THREAD_VARIABLES, "1"),
            **script_variables(self.script, self.marks),
            "AZUREML_MODEL_DIR": str(MODEL.parent),
            "PYTHONPATH": os.pathsep.join([str(REPOSITORY), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep),
        }

    def list_mini_batches(self) -> list[list[str]]:
        """List the inputs and cut them into mini-batches, in the order of their names; part of each peer's job."""
        return list(self._mini_batches())

    def _mini_batches(self) -> Iterator[list[str]]:
        with os.scandir(self.inputs) as entries:
            paths = sorted(entry.path for entry in entries)[: self.files]
        for first in range(0, len(paths), self.mini_batch_size):
            yield paths[first : first + self.mini_batch_size]
