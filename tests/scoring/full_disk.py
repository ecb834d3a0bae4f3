"""A job whose disk is full at first, for test_full_disk: run with a mount namespace of its own, as

    full_disk.py DISK INPUTS SCRIPT LOG

DISK is an empty folder that a small disk is mounted on. Prints as JSON what each of two runs of the job came to.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

from scoring.job import Job
from scoring.manifest import Manifest
from scoring.parts import Done
from scoring.settings import Settings

SIZE, LEFT = 4 << 20, 150_000
GO_ON = "import sys; from tests.scoring.killed_job import go_on_with; go_on_with(sys.argv[1])"


def main(disk: Path, inputs: str, script: str, log: str) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", disk], check=True)
    for name in ("tmp", "job"):
        (disk / name).mkdir()
    settings = Settings(mini_batch_size=5, environment_variables={"LOG": log})
    code = str(Path(script).parent)
    folder = str(disk / "job")
    Manifest(
        job="full",
        folder=folder,
        input=inputs,
        output=f"{folder}/score",
        script=script,
        code=code,
        python=sys.executable,
        settings=settings,
    ).write()
    ballast = disk / "ballast"
    ballast.write_bytes(bytes(os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize - LEFT))
    first = go_on(disk)
    calls = Path(log).read_text().split()
    done = Done(Job.open(folder).folder)
    stored = [index for index in range(40) if index in done]
    ballast.unlink()
    second = go_on(disk)
    told = {
        "first": [first.returncode, first.stderr.splitlines()[-1]],
        "stored": stored,
        "second": [second.returncode, second.stderr],
        "calls": [calls, Path(log).read_text().split()[len(calls) :]],
        "rows": (disk / "job/score/predictions.csv").read_text().split()[1:],
        "failures": (disk / "job/score/failures.jsonl").read_text(),
    }
    print(json.dumps(told))


def go_on(disk: Path) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "TMPDIR": str(disk / "tmp")}
    command = [sys.executable, "-c", GO_ON, str(disk / "job")]
    return subprocess.run(command, capture_output=True, text=True, env=environment)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
