"""What a job writes into its summary.json is what the published schema says, however it ends."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator, ValidationError

import scoring

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "docs" / "job-summary.schema.json").read_text())


@pytest.fixture
def written(tmp_path):
    """The summary.json of a job that scores files as their names say."""

    def written(*names: str, **settings) -> dict:
        inputs = tmp_path / "in"
        inputs.mkdir()
        for name in names:
            (inputs / name).touch()
        scoring.score(
            script=ROOT / "tests" / "scripts" / "poisoned.py",
            inputs=inputs,
            output=tmp_path / "out",
            settings={"mini_batch_size": 1, "retry_settings": {"max_retries": 0}, **settings},
        )
        return json.loads((tmp_path / "out" / "summary.json").read_text())

    return written


@pytest.mark.parametrize(
    ("names", "settings", "state", "keys"),
    [
        (["0", "1", ".hidden"], {}, "Completed", {"skipped"}),
        (["0", "1-raise", "2"], {}, "CompletedWithErrors", {"causes"}),
        (["0-raise", "1-exit"], {}, "Failed", {"causes"}),
        (["0", "1-raise", "2-raise", "3"], {"error_threshold": 0}, "Failed", {"causes"}),
        (["0-slow", "1-slow"], {"max_runtime": 0.001}, "Failed", {"files"}),
        (["0"], {"output_action": "summary_only"}, "Completed", {"written"}),
    ],
    ids=["all is well", "some failed", "all failed", "too many failed", "its time was up", "no rows"],
)
def test_the_summary_of_every_ending_is_as_the_published_schema_says(written, names, settings, state, keys):
    summary = written(*names, **settings)
    Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(summary)
    assert summary["state"] == state
    assert all(summary[key] for key in keys)
    assert {*summary} == {*SCHEMA["required"]} == {*SCHEMA["properties"]}


@pytest.mark.parametrize(("key", "value"), [("state", "Done"), ("files", {}), ("surprise", 1), ("rows", "many")])
def test_what_is_no_summary_is_told_apart(written, key, value):
    with pytest.raises(ValidationError):
        Draft202012Validator(SCHEMA).validate(written("0") | {key: value})


def test_every_key_of_a_summary_is_described():
    models = [SCHEMA, *SCHEMA["$defs"].values()]
    assert [name for model in models for name, each in model["properties"].items() if not each.get("description")] == []
