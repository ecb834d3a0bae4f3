"""An editor can complete and check every kind of YAML."""

from pathlib import Path

import pytest
from jsonschema import Draft202012Validator, ValidationError
from ruamel.yaml import YAML

from deployments.declarations.schema import KINDS, schema_of

EXAMPLES = Path(__file__).parents[2] / "examples"
OLDER = """\
name: torch
endpoint_name: mnist
model: {path: model}
code_configuration: {code: code, scoring_script: driver.py}
environment: {image: "ubuntu:24.04", conda_file: conda.yaml}
compute: azureml:batch-cluster
mini_batch_size: 10
retry_settings: {max_retries: 3, timeout: 30}
"""


def check(kind, text):
    Draft202012Validator(schema_of(kind)).validate(YAML(typ="safe").load(text))


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_is_described_and_no_other_is_taken(kind):
    written = schema_of(kind)
    Draft202012Validator.check_schema(written)
    for model in (written, *written.get("$defs", {}).values()):
        fields = model.get("properties", {})
        assert [name for name, field in fields.items() if not field.get("description")] == []
        assert not fields or model["additionalProperties"] is False


@pytest.mark.parametrize("kind", KINDS)
def test_what_only_the_system_sets_is_not_offered(kind):
    written = schema_of(kind)
    offered = {name for model in (written, *written.get("$defs", {}).values()) for name in model.get("properties", {})}
    assert not offered & {"digest", "archived"}


@pytest.mark.parametrize(
    ("kind", "file"),
    [
        ("batch-endpoint", "mnist/endpoint.yml"),
        ("batch-deployment", "mnist/deployment-torch/deployment.yml"),
        ("batch-deployment", "mnist/deployment-keras/deployment.yml"),
    ],
)
def test_the_examples_are_as_the_schemas_say(kind, file):
    check(kind, (EXAMPLES / file).read_text())


def test_the_older_form_is_taken_and_marked_as_such():
    check("batch-deployment", OLDER)
    properties = schema_of("batch-deployment")["properties"]
    assert properties["mini_batch_size"]["deprecated"] is True
    assert "deprecated" not in properties["settings"]


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        ("batch-endpoint", "name: no", "'no' is too short"),
        ("batch-endpoint", "name: mnist_batch", "does not match"),
        ("batch-endpoint", "description: x", "'name' is a required property"),
        ("batch-deployment", OLDER.replace("mini_batch_size: 10", "mini_batch_sise: 10"), "mini_batch_sise"),
        ("batch-deployment", OLDER + "settings: {logging_level: loud}", "'loud' is not one of"),
        ("model", "name: m", "'path' is a required property"),
        ("data", "name: d\npath: x\ntype: mltable", "'mltable' is not one of"),
        ("invocation", "inputs: {images: {path: data, tipe: uri_file}}", "'tipe' was unexpected"),
        ("schedule", "name: s\ntrigger: {type: cron}\ncreate_job: {endpoint_name: mnist, input: x}", "is not valid"),
    ],
)
def test_an_editor_marks_what_would_be_refused(kind, text, said):
    with pytest.raises(ValidationError, match=said):
        check(kind, text)
