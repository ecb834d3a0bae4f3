"""One job, sent by the installed command line, whose script misbehaves in another way for each of its files."""

import json
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from deployments.embedded import Connection

pytestmark = [pytest.mark.server, pytest.mark.slow]

BATCHPOINT = str(Path(sys.executable).with_name("batchpoint"))
SCRIPT = """
import ctypes, os, subprocess, sys, time
import numpy

def init():
    pass

def run(mini_batch):
    name = os.path.basename(mini_batch[0])
    return globals()[name.partition(".")[0]](mini_batch)

def names(mini_batch):
    return [os.path.basename(path) for path in mini_batch]

def good(mini_batch):
    return names(mini_batch)

def raises(mini_batch):
    raise OSError("image file is truncated")

def hangs_in_c(mini_batch):
    ctypes.PyDLL(None).sleep(600)

def segfaults(mini_batch):
    ctypes.string_at(0)

def exits(mini_batch):
    os._exit(3)

def prints_a_megabyte(mini_batch):
    print("x" * 1_000_000)
    return names(mini_batch)

def leaves_a_child(mini_batch):
    subprocess.Popen(["setsid", "sleep", "600"])
    if os.fork() == 0:
        time.sleep(600)
    return names(mini_batch)

def returns_none(mini_batch):
    return None

def generates(mini_batch):
    yield from names(mini_batch)

def returns_an_array(mini_batch):
    return numpy.array([[1.5, 2.5]])

def returns_dicts(mini_batch):
    return [{"prediction": name, "note": "a, b"} for name in names(mini_batch)]

def returns_too_few(mini_batch):
    return []
"""
KINDS = sorted(
    line.split("(")[0].removeprefix("def ")
    for line in SCRIPT.splitlines()
    if line.startswith("def ") and not line.startswith(("def init", "def run(", "def names"))
)
DEPLOYMENT = """
    name: misbehaves
    endpoint_name: misbehaves
    type: model
    model: {name: misbehaves, path: model}
    code_configuration: {code: code, scoring_script: script.py}
    compute: azureml:misbehaves
    settings:
      mini_batch_size: 1
      retry_settings: {max_retries: 1, timeout: 3}
"""


@dataclass
class Done:
    """The job as its user sees it afterwards."""

    name: str
    stream: "subprocess.CompletedProcess[str]"
    output: Path

    @property
    def failures(self) -> dict[str, dict[str, object]]:
        lines = map(json.loads, (self.output / "failures.jsonl").read_text().splitlines())
        return {str(line["path"]).removesuffix(".txt"): line for line in lines}


def batchpoint(*arguments: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([BATCHPOINT, *arguments], capture_output=True, text=True, cwd=folder)


@pytest.fixture(scope="module")
def done(server: Connection, tmp_path_factory: pytest.TempPathFactory) -> Done:
    folder = tmp_path_factory.mktemp("misbehaves")
    for name in ("code", "model", "inputs"):
        (folder / name).mkdir()
    (folder / "code/script.py").write_text(SCRIPT)
    (folder / "model/weights").write_text("1")
    (folder / "deployment.yml").write_text(textwrap.dedent(DEPLOYMENT))
    for kind in KINDS:
        (folder / "inputs" / f"{kind}.txt").write_text(kind)
    for command in (
        "compute create -n misbehaves --max-instances 1",
        "batch-endpoint create --name misbehaves",
        "batch-deployment create --file deployment.yml --set-default",
    ):
        made = batchpoint(*command.split(), folder=folder)
        assert made.returncode == 0, made.stderr
    sent = batchpoint(
        *["batch-endpoint", "invoke", "-n", "misbehaves", "--input", "inputs", "--query", "name", "-o", "tsv"],
        folder=folder,
    )
    assert sent.returncode == 0, sent.stderr
    job = sent.stdout.strip()
    stream = batchpoint("job", "stream", "-n", job, folder=folder)
    batchpoint(*f"job download --name {job} --output-name score --download-path out".split(), folder=folder)
    return Done(job, stream, folder / "out/named-outputs/score")


def test_the_job_completes_and_says_how_many_files_failed(done: Done) -> None:
    assert done.stream.returncode == 3, done.stream.stdout + done.stream.stderr
    assert f"CompletedWithErrors: {len(KINDS) - 6} of {len(KINDS)} files scored, 6 failed" in done.stream.stdout


@pytest.mark.parametrize(
    ("kind", "error", "said", "tries"),
    [
        ("raises", "OSError", "image file is truncated", 2),
        ("hangs_in_c", "timeout", "run() took longer than 3 s", 2),
        ("segfaults", "crash", "signal 11 (SIGSEGV)", 2),
        ("exits", "exit", "exit code 3", 2),
        ("returns_none", "WrongReturnError", "run() returned None", 2),
        ("returns_too_few", "short_return", "run() returned 0 rows for 1 files", 1),
    ],
)
def test_what_cannot_be_scored_is_reported_with_its_cause(
    done: Done, kind: str, error: str, said: str, tries: int
) -> None:
    failure = done.failures[kind]
    assert (failure["error"], failure["tries"]) == (error, tries)
    assert said in str(failure["message"])


def test_whatever_its_neighbours_did_every_other_file_has_its_row_in_input_order(done: Done) -> None:
    rows = (done.output / "predictions.csv").read_text().splitlines()
    assert rows == [
        "prediction,0,1,note",
        "generates.txt,,,",
        "good.txt,,,",
        "leaves_a_child.txt,,,",
        "prints_a_megabyte.txt,,,",
        ",1.5,2.5,",
        'returns_dicts.txt,,,"a, b"',
    ]


def test_the_ledger_balances(done: Done) -> None:
    files = json.loads((done.output / "summary.json").read_text())["files"]
    assert files == {"listed": len(KINDS), "scored": len(KINDS) - 6, "failed": 6, "skipped": 0, "pending": 0}


def test_no_process_of_the_script_is_left(done: Done) -> None:
    def belongs(process: psutil.Process) -> bool:
        try:
            return process.environ().get("AZUREML_RUN_ID") == done.name
        except psutil.Error:
            return False

    assert [process for process in psutil.process_iter() if belongs(process)] == []
