"""What Prefect is told of an endpoint, and which flow runs it then takes."""

from pathlib import Path

import pytest
from prefect.utilities.schema_tools.validation import is_valid, is_valid_schema
from ruamel.yaml import YAML

from blocks.overrides import Overrides
from blocks.specs import Defaults, Endpoint
from deployments.declarations import declare, read
from deployments.service.parameters import parameter_schema, settings_schema
from deployments.service.registration import FLOW, prefect_deployment
from scoring.settings import Settings

ROOT = Path(__file__).parents[2]


@pytest.fixture
def schema(declared):
    return parameter_schema(Endpoint(name="mnist"), [declared("torch"), declared("keras")])


@pytest.mark.parametrize(
    "parameters",
    [
        {"input": "/data"},
        {"input": "/data", "deployment": "keras", "output": "/out"},
        {"input": "/data", "settings": {}},
        {"input": "/data", "settings": {"mini_batch_size": 20, "retry_settings": {"timeout": 1.5}}},
        {"input": "/data", "settings": {"output_format": "azureml", "logging_level": "debug", "error_threshold": -1}},
        {"input": "/data", "settings": {"environment_variables": {"TOP_K": "5"}, "include_hidden": True}},
        {"input": "/data", "settings": {"literals": {"top_k": 5, "threshold": 0.5, "labels": "a,b", "strict": True}}},
    ],
)
def test_a_job_that_can_run_is_accepted(schema, parameters):
    assert is_valid(parameters, schema)


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"input": None},
        {"input": ""},
        {"input": "/data", "deployment": "onnx"},
        {"input": "/data", "deployment": None},
        {"input": "/data", "inputs": "/data"},
        {"input": "/data", "settings": {"mini_batch_size": 0}},
        {"input": "/data", "settings": {"mini_batch_size": "20"}},
        {"input": "/data", "settings": {"mini_batch_sise": 20}},
        {"input": "/data", "settings": {"instance_count": 0}},
        {"input": "/data", "settings": {"retry_settings": {"timeout": 0}}},
        {"input": "/data", "settings": {"retry_settings": {"delays": 1}}},
        {"input": "/data", "settings": {"output_format": "xml"}},
        {"input": "/data", "settings": {"environment_variables": {"TOP_K": 5}}},
        {"input": "/data", "settings": {"literals": {"top k": 5}}},
        {"input": "/data", "settings": {"literals": {"top_k": [5]}}},
        {"input": "/data", "settings": {"literals": {"top_k": None}}},
    ],
)
def test_a_job_that_cannot_run_is_refused_before_it_is_created(schema, parameters):
    assert not is_valid(parameters, schema)


def test_the_schema_is_one_that_prefect_takes(schema):
    is_valid_schema(schema)


def test_the_deployment_is_drawn_as_a_select(schema):
    field = schema["properties"]["deployment"]
    assert field["enum"] == ["torch", "keras"]
    assert not {"default", "anyOf", "$ref"} & set(field)


def test_an_endpoint_without_deployments_offers_none():
    assert "deployment" not in parameter_schema(Endpoint(name="mnist"), [])["properties"]


def test_every_field_of_the_form_says_what_it_is_for(schema):
    fields = {**schema["properties"], **settings_schema()["properties"]}
    assert [name for name, field in fields.items() if not field["description"].endswith(".")] == []


def test_the_form_says_what_a_setting_is_where_a_job_leaves_it_out(declared):
    quick, slow = declared("quick"), declared("slow")
    settings = slow.settings.model_copy(update={"mini_batch_size": 500, "environment_variables": {"KEY": "secret"}})
    written = settings_schema([quick, slow.model_copy(update={"settings": settings})])["properties"]
    assert written["mini_batch_size"]["description"].endswith(" Now: 10 with quick, 500 with slow.")
    assert written["error_threshold"]["description"].endswith(" Now: -1.")
    assert written["fail_fast"]["description"].endswith(" Now: true.")
    assert written["retry_settings"]["properties"]["max_retries"]["description"].endswith(" Now: 3.")
    assert "Now" not in written["max_runtime"]["description"]
    assert "secret" not in str(written)


def test_a_job_may_change_what_overrides_can_and_within_the_same_limits():
    written = settings_schema()["properties"]
    assert set(written) == set(Overrides.model_fields)
    assert written["mini_batch_size"]["minimum"] == 1
    assert written["logging_level"]["enum"] == ["warning", "info", "debug"]
    limits = Settings.model_json_schema()["properties"]
    assert written["init_timeout"]["maximum"] == limits["init_timeout"]["maximum"]


def test_the_description_names_the_default():
    endpoint = Endpoint(name="mnist", description="Reads digits.", defaults=Defaults(deployment_name="torch"))
    assert prefect_deployment(endpoint, []).description.startswith("Reads digits. Default deployment torch.\n\n")
    assert prefect_deployment(Endpoint(name="mnist"), []).description.startswith("No default deployment.\n\n")


def test_the_description_says_how_to_call_the_endpoint():
    said = prefect_deployment(Endpoint(name="mnist"), []).description
    assert "batchpoint batch-endpoint invoke --name mnist --input PATH\n" in said
    assert "prefect deployment run batch-endpoint/mnist -p input=PATH\n" in said
    assert "POST to `/endpoints/mnist/jobs`" in said


def test_prefect_yaml_declares_what_the_service_registers_for_the_example():
    (written,) = YAML(typ="safe").load(ROOT / "prefect.yaml")["deployments"]
    (trigger,) = written.pop("triggers")
    endpoint = declare(Endpoint, read(ROOT / "examples/mnist/endpoint.yml")).spec
    assert trigger["match"] == {"prefect.resource.id": f"batchpoint.endpoint.{endpoint.name}"}
    default = Defaults(deployment_name=read(ROOT / "examples/mnist/deployment-torch/deployment.yml").get(("name",)))
    wanted = prefect_deployment(endpoint.model_copy(update={"defaults": default}), [])
    assert written == {
        "name": wanted.name,
        "description": wanted.description,
        "entrypoint": wanted.entrypoint,
        "enforce_parameter_schema": wanted.enforce_parameter_schema,
        "work_pool": {"name": wanted.work_pool, "job_variables": wanted.job_variables},
    }


@pytest.mark.slow
def test_the_entrypoint_is_the_flow_of_that_name():
    from prefect.flows import load_flow_from_entrypoint

    assert load_flow_from_entrypoint(prefect_deployment(Endpoint(name="mnist"), []).entrypoint).name == FLOW
