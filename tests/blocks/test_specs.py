"""What may be declared, what is refused, and in which words."""

import pytest
from pydantic import ValidationError

from blocks import schedules, specs
from blocks.overrides import Overrides, RetryOverrides
from blocks.problems import problems_in

DEPLOYMENT = {
    "name": "torch",
    "endpoint_name": "mnist",
    "model": "azureml:digits:1",
    "code_configuration": {"code": "code", "scoring_script": "batch_driver.py"},
    "compute": "azureml:batch-cluster",
}


def sentences(kind, data):
    with pytest.raises(ValidationError) as caught:
        kind.model_validate(data)
    return [problem.sentence for problem in problems_in(kind, caught.value)]


def deployment(**changes):
    return specs.Deployment.model_validate(DEPLOYMENT | changes)


@pytest.mark.parametrize(
    "kind",
    [
        specs.Endpoint,
        specs.Deployment,
        specs.Model,
        specs.Compute,
        specs.Datastore,
        specs.Environment,
        specs.Conda,
        specs.Data,
        schedules.Schedule,
        schedules.ScheduledJob,
        schedules.Cron,
        schedules.Recurrence,
        schedules.Pattern,
        specs.CodeConfiguration,
        specs.Resources,
        specs.Defaults,
        Overrides,
        RetryOverrides,
    ],
)
def test_every_field_says_what_it_is_for(kind):
    assert [name for name, field in kind.model_fields.items() if not (field.description or "").endswith(".")] == []


def test_a_misspelt_setting_is_refused_with_the_nearest_one():
    assert sentences(specs.Deployment, DEPLOYMENT | {"settings": {"mini_batch_sise": 3}}) == [
        "settings.mini_batch_sise is not a setting; did you mean mini_batch_size?"
    ]


def test_a_key_like_no_other_is_refused_with_all_that_are_known():
    assert sentences(specs.Compute, {"name": "c", "zzz": 1}) == [
        "zzz is not a known key; known are name, type, min_instances, max_instances, memory, shares_files, address, "
        "cluster_class, cluster_kwargs, description, tags"
    ]


@pytest.mark.parametrize(
    ("declared", "sentence"),
    [
        ({"type": "dask"}, "either an address"),
        ({"type": "dask", "address": "tcp://a:1", "cluster_class": "dask.distributed.LocalCluster"}, "give one of the"),
        ({"address": "tcp://a:1"}, "a compute of type local has no address; write type: dask, or remove address"),
        ({"type": "dask", "address": "tcp://a:1", "cluster_kwargs": {"n": 1}}, "with an address, remove them"),
    ],
)
def test_a_compute_says_where_its_cluster_is_in_one_way(declared, sentence):
    (told,) = sentences(specs.Compute, {"name": "c", **declared})
    assert sentence in told


def test_a_missing_key_is_named_with_what_it_is_for():
    (sentence,) = sentences(specs.Deployment, {k: v for k, v in DEPLOYMENT.items() if k != "compute"})
    assert sentence == "compute is missing: the compute that runs its jobs: azureml:NAME or NAME"


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"mini_batch_size": 0}, "settings.mini_batch_size is 0; it must be at least 1"),
        ({"mini_batch_size": "ten"}, "settings.mini_batch_size is 'ten'; it must be a whole number"),
        ({"mini_batch_size": 2.5}, "settings.mini_batch_size is 2.5; it must be a whole number"),
        (
            {"error_threshold": -2},
            "settings.error_threshold: -2 is neither -1, nor a number of files, nor a share such as 5%",
        ),
        (
            {"retry_settings": {"retry_on": ["requests.Timeout"]}},
            "settings.retry_settings.retry_on: 'requests.Timeout' is more than the class's own name; write Timeout",
        ),
        (
            {"retry_settings": {"timeout": 0}},
            "settings.retry_settings.timeout is 0; it must be more than 0",
        ),
        (
            {"logging_level": "loud"},
            "settings.logging_level is 'loud'; it must be 'warning', 'info' or 'debug'",
        ),
        ({"retry_settings": 3}, "settings.retry_settings is 3; it must be a mapping of keys to values"),
        ({"include_hidden": "perhaps"}, "settings.include_hidden is 'perhaps'; it must be true or false"),
    ],
)
def test_a_wrong_setting_is_refused_with_its_value_and_what_would_be_right(settings, sentence):
    assert sentences(specs.Deployment, DEPLOYMENT | {"settings": settings}) == [sentence]


def test_every_problem_is_told_at_once():
    found = sentences(
        specs.Deployment, DEPLOYMENT | {"settings": {"mini_batch_size": 0, "threads": 0}, "colour": "red"}
    )
    assert len(found) == 3


def test_an_inline_model_is_refused_in_its_own_words_only():
    assert sentences(specs.Deployment, DEPLOYMENT | {"model": {"name": "m", "pth": "x"}}) == [
        "model.path is missing: the file or folder with the model; once registered, the folder that holds its copy "
        "and nothing else, which scripts find in AZUREML_MODEL_DIR",
        "model.pth is not a known key; did you mean path?",
    ]


@pytest.mark.parametrize("name", ["ab", "1mnist", "mnist-", "mnist_batch", "m" * 33, "mnist\n", ""])
def test_a_name_that_azure_would_refuse_is_refused(name):
    (sentence,) = sentences(specs.Endpoint, {"name": name})
    assert sentence.startswith(f"name: {name!r} is no name for an endpoint or a deployment")


@pytest.mark.parametrize("name", ["../up", ".hidden", "a/b", "a b", ""])
def test_a_model_name_that_is_no_file_name_is_refused(name):
    assert len(sentences(specs.Model, {"name": name, "path": "model"})) == 1


def test_a_version_may_be_a_whole_number_but_not_one_with_a_point():
    assert specs.Model.model_validate({"name": "m", "version": 7, "path": "model"}).version == "7"
    assert sentences(specs.Model, {"name": "m", "version": 1.1, "path": "model"}) == [
        "version: 1.1 is a number that may have lost final zeros; put it in quotes"
    ]


def test_an_environment_that_says_nothing_is_refused():
    assert sentences(specs.Environment, {"name": "torch"}) == [
        "none of image, conda_file, requirements and python is given; write conda_file: conda.yaml, or another of them"
    ]


def test_a_misspelt_package_list_is_refused_where_it_stands():
    conda = {"dependencies": ["python=3.11", {"pypi": ["torch"]}], "chanels": ["conda-forge"]}
    assert sentences(specs.Environment, {"name": "torch", "conda_file": conda}) == [
        "conda_file.dependencies.1.pip is missing: what pip installs, a requirement each",
        "conda_file.dependencies.1.pypi is not a known key; known are pip",
        "conda_file.chanels is not a known key; did you mean channels?",
    ]


@pytest.mark.parametrize(("written", "seconds"), [("PT30S", 30), ("PT1M30S", 90), ("pt0.5s", 0.5), ("P1D", 86400)])
def test_a_duration_may_be_written_as_iso_8601_has_it(written, seconds):
    settings = {"retry_settings": {"timeout": written}, "init_timeout": written}
    read = deployment(settings=settings).settings
    assert read.retry_settings.timeout == read.init_timeout == seconds


def test_a_duration_of_no_form_is_refused_with_both():
    assert sentences(specs.Deployment, DEPLOYMENT | {"settings": {"init_timeout": "PT"}}) == [
        "settings.init_timeout: 'PT' is no duration; write seconds, such as 90, or ISO 8601, such as PT1M30S"
    ]


@pytest.mark.parametrize("script", ["../driver.py", "/driver.py", "driver", "code/../../x.py"])
def test_a_script_outside_its_code_folder_is_refused(script):
    (sentence,) = sentences(
        specs.Deployment, DEPLOYMENT | {"code_configuration": {"code": "code", "scoring_script": script}}
    )
    assert sentence.startswith(f"code_configuration.scoring_script: {script!r} is not the path of a .py file")


def test_numbers_given_as_text_are_read_as_numbers():
    assert deployment(settings={"mini_batch_size": "20"}).settings.mini_batch_size == 20


def test_tags_are_text_whatever_yaml_made_of_them():
    assert deployment(tags={"year": 2026, "checked": True}).tags == {"year": "2026", "checked": "true"}


def test_more_instances_ready_than_allowed_are_refused():
    assert sentences(specs.Compute, {"name": "c", "min_instances": 2, "max_instances": 1}) == [
        "min_instances is 2 but max_instances is 1; min_instances may be at most max_instances"
    ]


@pytest.mark.parametrize("settings", [{}, {"output_action": "summary_only"}, {"output_format": "AzureML"}])
def test_a_deployment_reads_back_as_it_was_written(settings):
    spec = deployment(settings=settings, model={"name": "m", "path": "model"})
    assert specs.Deployment.model_validate(spec.model_dump(mode="json")) == spec


def test_overrides_change_what_they_name_and_nothing_else():
    declared = deployment(settings={"mini_batch_size": 7, "retry_settings": {"max_retries": 1, "timeout": 9}})
    overrides = Overrides.model_validate({"instance_count": "2", "retry_settings": {"timeout": 60}})
    changed = overrides.applied_to(declared)
    assert changed.resources.instance_count == 2
    assert changed.settings.mini_batch_size == 7
    assert (changed.settings.retry_settings.max_retries, changed.settings.retry_settings.timeout) == (1, 60)


def test_environment_variables_of_a_job_are_put_beside_those_of_its_deployment():
    declared = deployment(settings={"environment_variables": {"TOP_K": "5", "LABELS": "a"}})
    overrides = Overrides.model_validate({"environment_variables": {"TOP_K": 3}, "literals": {"k": 1}})
    changed = overrides.applied_to(declared)
    assert changed.settings.environment_variables == {"TOP_K": "3", "LABELS": "a"}


def test_a_literal_keeps_its_kind_through_json():
    given = {"text": "5", "whole": 5, "number": 0.5, "truth": True}
    read = Overrides.model_validate_json(Overrides(literals=given).model_dump_json()).literals
    assert [(name, type(value), value) for name, value in read.items()] == [
        (name, type(value), value) for name, value in given.items()
    ]


@pytest.mark.parametrize("name", ["top k", "1st", "top-k", "", "class", "PATH", "PYTHONPATH", "minibatch_index", "é"])
def test_a_literal_has_a_name_that_a_variable_and_an_attribute_can_have(name):
    (said,) = sentences(Overrides, {"literals": {name: 1}})
    assert repr(name) in said


def test_no_overrides_leave_a_deployment_as_it_is():
    assert Overrides().applied_to(deployment()) == deployment()


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"mini_batch_size": 0}, "mini_batch_size is 0; it must be at least 1"),
        ({"instance_count": 0}, "instance_count is 0; it must be at least 1"),
        ({"retry_settings": {"timeout": -1}}, "retry_settings.timeout is -1.0; it must be more than 0"),
        ({"mini_batch": 1}, "mini_batch is not a setting; did you mean mini_batch_size?"),
        (
            {"environment_variables": {"A=B": "1"}},
            "environment_variables: 'A=B' cannot be set: a name has at least one character and no =, and neither name "
            "nor value has a null character",
        ),
        (
            {"environment_variables": {"TOP_K": "1"}, "literals": {"TOP_K": 2}},
            "TOP_K is given as a literal input and as an environment variable; remove one",
        ),
        ({"literals": {"k": [1]}}, "literals.k: [1] is no literal input; give text, a number, or true or false"),
        (
            {"literals": {"k": float("nan")}},
            "literals.k: nan is no number that can be written down; give it as text",
        ),
        (
            {"literals": {"AZUREML_MODEL_DIR": "/"}},
            "literals: 'AZUREML_MODEL_DIR' is taken: the scoring script finds something else under that name; choose "
            "another, such as my_azureml_model_dir",
        ),
    ],
)
def test_overrides_are_held_to_the_limits_of_the_settings(given, sentence):
    assert sentences(Overrides, given) == [sentence]


def test_an_override_that_does_not_go_with_its_deployment_is_refused():
    declared = deployment(settings={"output_action": "summary_only"})
    with pytest.raises(ValidationError, match="summary_only, which writes no rows"):
        Overrides(output_file_name="digits.csv").applied_to(declared)
