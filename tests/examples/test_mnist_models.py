"""The mnist example's models read digits, through their scoring scripts in real scoring processes."""

from pathlib import Path

import pandas as pd
import pytest

import scoring
from blocks.specs import Deployment
from deployments.declarations import declare, read
from examples.mnist.make_data import load, write_images

MNIST = Path(__file__).resolve().parents[2] / "examples" / "mnist"
DATA = MNIST / "data"
FRAMEWORKS = ["torch", "keras"]

pytestmark = pytest.mark.slow


def score(framework, inputs, output, **changes):
    """Score a folder with a framework's script, model and declared settings, some of them changed."""
    spec = declare(Deployment, read(str(MNIST / f"deployment-{framework}" / "deployment.yml"))).spec
    return scoring.score(
        script=MNIST / f"deployment-{framework}" / "code" / "batch_driver.py",
        model=MNIST / f"deployment-{framework}" / "model",
        inputs=inputs,
        output=output,
        settings=spec.settings.model_copy(update=changes),
    )


def share_right(rows):
    """How many predictions equal the digit in the file's name, digit-LABEL-NUMBER.png."""
    return (rows["file"].str.split("-").str[1].astype(int) == rows["prediction"]).mean()


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_at_least_95_percent_of_the_1000_held_out_digits_are_read_right(framework, tmp_path):
    assert write_images(load(MNIST / "held_out.npz"), tmp_path / "held-out") == 1000
    score(framework, tmp_path / "held-out", tmp_path / "output")
    rows = pd.read_csv(tmp_path / "output" / "predictions.csv")
    assert len(rows) == 1000
    assert share_right(rows) >= 0.95


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_each_committed_image_gets_one_row_and_at_least_95_percent_are_read_right(framework, tmp_path):
    score(framework, DATA, tmp_path / "output")
    rows = pd.read_csv(tmp_path / "output" / "predictions.csv")
    assert list(rows.columns) == ["file", "prediction", "probability"]
    assert list(rows["file"]) == sorted(path.name for path in DATA.iterdir())
    assert rows["prediction"].between(0, 9).all()
    assert rows["probability"].between(0.1, 1).all()  # the likeliest of ten is never below a tenth
    assert share_right(rows) >= 0.95


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_one_and_four_scoring_processes_write_the_same_bytes(framework, tmp_path):
    one, four = (
        score(framework, DATA, tmp_path / str(slots), max_concurrency_per_instance=slots).sha256 for slots in (1, 4)
    )
    assert one is not None
    assert one == four


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_half_an_image_fails_alone(framework, tmp_path):
    images = tmp_path / "images"
    write_images(load(MNIST / "held_out.npz"), images)
    for path in sorted(images.iterdir())[30:]:
        path.unlink()
    half = sorted(images.iterdir())[12]
    half.write_bytes(half.read_bytes()[: half.stat().st_size // 2])
    summary = score(framework, images, tmp_path / "output")
    assert (summary.state, summary.files.scored, summary.files.failed) == ("CompletedWithErrors", 29, 1)
    assert "truncated" in (tmp_path / "output" / "failures.jsonl").read_text()
