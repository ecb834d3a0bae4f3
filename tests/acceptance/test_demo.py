"""The whole walk of the README, by the installed command line."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from deployments.embedded import Connection

# With what the fixture takes on a busy machine.
pytestmark = [pytest.mark.server, pytest.mark.slow, pytest.mark.timeout(900)]

BATCHPOINT = str(Path(sys.executable).with_name("batchpoint"))


def batchpoint(*arguments: str) -> str:
    done = subprocess.run([BATCHPOINT, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def told(server: Connection, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """What `batchpoint demo --clean` says, and where it fetched outputs to."""
    out = tmp_path_factory.mktemp("demo")
    return batchpoint("demo", "--clean", "--out", str(out)), out


def test_the_demo_shows_every_command_and_both_models_read_95_percent_right(told: tuple[str, Path]) -> None:
    text, _ = told
    commands = re.findall(r"^\$ batchpoint (\S+ \S+)", text, flags=re.MULTILINE)
    assert commands[:5] == [
        "compute create",
        "model create",
        "batch-endpoint create",
        "batch-deployment create",
        "batch-endpoint invoke",
    ]
    assert commands[-2:] == ["batch-deployment delete", "batch-endpoint delete"]
    right = {model: float(share) for model, share in re.findall(r"^(\w+): ([\d.]+)% of 200 right", text, re.MULTILINE)}
    assert set(right) == {"torch", "Keras"}
    assert min(right.values()) >= 95


def test_the_demo_accounts_for_every_file(told: tuple[str, Path]) -> None:
    _, out = told
    summaries = [json.loads(path.read_text()) for path in out.glob("*/named-outputs/score/summary.json")]
    assert sorted(one["deployment"] for one in summaries) == ["mnist-keras-dpl", "mnist-torch-dpl"]
    for summary in summaries:
        assert summary["files"] == {"listed": 200, "scored": 200, "failed": 0, "skipped": 0, "pending": 0}


def test_the_demo_cleans_up_and_leaves_the_output(told: tuple[str, Path]) -> None:
    assert json.loads(batchpoint("batch-endpoint", "list")) == [] or "mnist-batch" not in batchpoint(
        "batch-endpoint", "list", "--query", "[].name", "-o", "tsv"
    )
    root = batchpoint("datastore", "show", "-n", "workspaceblobstore", "--query", "root", "-o", "tsv").strip()
    assert Path(root, "mnist-out", "digits.csv").is_file()
