"""YAML and overrides become specs, or sentences that lead to the line at fault."""

import pytest

from blocks.overrides import Overrides
from blocks.specs import Compute, Data, Datastore, Deployment, Endpoint, Model
from deployments.declarations import DeclarationError, Document, declare, document_of, read
from scoring.settings import LoggingLevel, OutputFormat

DEPLOYMENT = """\
$schema: https://azuremlschemas.azureedge.net/latest/modelBatchDeployment.schema.json
name: mnist-torch-dpl
description: A deployment using Torch.
endpoint_name: mnist-batch
type: model
model:
  name: mnist-classifier-torch
  path: model
code_configuration:
  code: code
  scoring_script: batch_driver.py
compute: azureml:batch-cluster
resources:
  instance_count: 1
settings:
  max_concurrency_per_instance: 2
  mini_batch_size: 10
  output_action: append_row
  output_file_name: predictions.csv
  retry_settings:
    max_retries: 3
    timeout: 30
  error_threshold: -1
  logging_level: info
"""


def test_azures_deployment_is_read_unchanged(written, tmp_path):
    declared = declare(Deployment, written(DEPLOYMENT))
    spec = declared.spec
    assert declared.notes == []
    assert spec.model.path == str(tmp_path / "model")
    assert spec.code_configuration.code == str(tmp_path / "code")
    assert (spec.settings.max_concurrency_per_instance, spec.settings.mini_batch_size) == (2, 10)
    assert spec.settings.logging_level is LoggingLevel.INFO


def test_an_unknown_key_is_told_with_file_line_and_nearest_key(written, problems):
    wrong = DEPLOYMENT.replace("mini_batch_size", "mini_batch_sise")
    assert problems(Deployment, written(wrong)) == [
        "spec.yml:17: settings.mini_batch_sise is not a setting; did you mean mini_batch_size?"
    ]


def test_every_problem_has_a_line_of_its_own_in_the_order_of_the_file(written, problems):
    wrong = DEPLOYMENT.replace("error_threshold: -1", "error_threshold: -5").replace("type: model", "type: online")
    assert problems(Deployment, written(wrong.replace("timeout: 30", "timeout: soon"))) == [
        "spec.yml:5: type is 'online'; it must be 'model'",
        "spec.yml:22: settings.retry_settings.timeout is 'soon'; it must be a number",
        "spec.yml:23: settings.error_threshold: -5 is neither -1, nor a number of files, nor a share such as 5%",
    ]


def test_a_missing_key_names_the_file(written, problems):
    assert problems(Compute, written("type: local\n")) == ["spec.yml: name is missing: the compute's name"]


def test_a_missing_key_of_a_block_names_the_line_of_the_block(written, problems):
    wrong = DEPLOYMENT.replace("  code: code\n", "")
    assert problems(Deployment, written(wrong)) == [
        "spec.yml:9: code_configuration.code is missing: the folder with the scoring script and what it imports"
    ]


def test_a_key_without_a_value_counts_as_left_out(written):
    assert declare(Endpoint, written("name: mnist\ndescription:\ntags: ~\ndefaults: null\n")).spec == Endpoint(
        name="mnist"
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("name: [\n", "spec.yml:2: this is not YAML:"),
        ("name: a\n  b: c\n", "spec.yml:2: this is not YAML:"),
        ("name: a\n\tb: c\n", "spec.yml:2: this is not YAML:"),
        ("name: mnist\nname: other\n", "spec.yml:2: name is given twice; keep one"),
        ("? [a]\n: b\n", "spec.yml:1: a key must be a word"),
        ("a: &x [*x]\n", "spec.yml:1: an alias here holds itself"),
        ("", "spec.yml: must be a mapping of keys to values"),
        ("- a\n", "spec.yml: must be a mapping of keys to values"),
        ("name: a\n---\nname: b\n", "spec.yml:2: this is not YAML: but found another document"),
    ],
)
def test_what_is_no_declaration_at_all_is_refused_with_its_line(written, text, problem):
    with pytest.raises(DeclarationError) as caught:
        written(text)
    assert str(caught.value).startswith(problem)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(DeclarationError, match=r"nowhere\.yml: cannot be read: No such file or directory"):
        read(tmp_path / "nowhere.yml")


def test_a_file_that_is_not_text_is_refused(tmp_path):
    (tmp_path / "picture.yml").write_bytes(b"\x89PNG\xff\xfe")
    with pytest.raises(DeclarationError, match="is not UTF-8 text at byte 0"):
        read(tmp_path / "picture.yml")


def test_what_azure_writes_but_does_not_read_is_dropped_quietly(written):
    declared = declare(
        Endpoint,
        written(
            "$schema: x\nname: mnist\nid: /subscriptions/1\nprovisioning_state: Succeeded\nscoring_uri: https://x\n"
        ),
    )
    assert (declared.spec, declared.notes) == (Endpoint(name="mnist"), [])


@pytest.mark.parametrize("kind", [Model, Data])
def test_what_only_the_system_sets_of_an_asset_is_dropped_quietly(written, kind):
    declared = declare(kind, written("name: m\npath: x\ndigest: abc\narchived: true\n"))
    assert (declared.spec.digest, declared.spec.archived, declared.notes) == (None, False, [])


def test_values_are_what_was_written_not_what_yaml_makes_of_them(written):
    spec = declare(Model, written("name: m\nversion: 1.10\npath: x\ntags: {on: yes, n: 007, quoted: ''}\n")).spec
    assert spec.version == "1.10"
    assert spec.tags == {"on": "yes", "n": "007", "quoted": ""}


def test_numbers_given_as_text_are_read_as_numbers(written):
    spec = declare(Deployment, written(DEPLOYMENT.replace("mini_batch_size: 10", 'mini_batch_size: "20"'))).spec
    assert spec.settings.mini_batch_size == 20


def test_anchors_and_merge_keys_are_followed(written):
    text = "name: mnist\ntags: &t {a: 1, b: 2}\nproperties: {<<: *t, b: 3}\n"
    assert declare(Endpoint, written(text)).spec.properties == {"a": "1", "b": "3"}


def test_the_older_flat_form_is_read_as_the_same_deployment(written):
    settings = DEPLOYMENT[DEPLOYMENT.index("settings:\n") + len("settings:\n") :]
    flat = DEPLOYMENT[: DEPLOYMENT.index("settings:")] + settings.replace("\n  ", "\n").removeprefix("  ")
    assert (
        declare(Deployment, written(flat.replace("type: model\n", ""))).spec
        == declare(Deployment, written(DEPLOYMENT)).spec
    )


def test_instance_count_under_settings_is_taken_for_resources(written):
    without = DEPLOYMENT.replace("resources:\n  instance_count: 1\n", "")
    text = without.replace("\nsettings:\n", "\nsettings:\n  instance_count: 3\n")
    assert declare(Deployment, written(text)).spec.resources.instance_count == 3


def test_two_instance_counts_contradict_each_other(written, problems):
    text = DEPLOYMENT.replace("\nsettings:\n", "\nsettings:\n  instance_count: 3\n")
    assert problems(Deployment, written(text)) == [
        "spec.yml:16: settings.instance_count is given beside resources.instance_count; keep resources.instance_count"
    ]


def test_an_inline_model_without_a_name_gets_the_deployments(written):
    spec = declare(Deployment, written(DEPLOYMENT.replace("  name: mnist-classifier-torch\n", ""))).spec
    assert spec.model.name == "mnist-batch-mnist-torch-dpl"


def test_a_deployment_of_a_kind_that_is_not_supported_is_refused_with_what_to_do(written, problems):
    text = "name: p\nendpoint_name: mnist\ntype: pipeline\ncomponent: azureml:prep:1\n"
    assert problems(Deployment, written(text)) == [
        "spec.yml:3: type is 'pipeline': pipeline deployments are not supported; deploy a model and its scoring "
        "script, with type: model",
        "spec.yml:4: component cannot be used: pipeline deployments are not supported; deploy a model and its scoring "
        "script, with type: model",
    ]


def test_a_setting_at_the_root_and_under_settings_contradicts_itself(written, problems):
    text = DEPLOYMENT.replace("type: model\n", "mini_batch_size: 5\n")
    assert problems(Deployment, written(text)) == [
        "spec.yml:5: mini_batch_size is given beside settings.mini_batch_size; keep settings.mini_batch_size"
    ]


def test_variables_at_the_root_are_the_settings(written):
    declared = declare(Deployment, written(DEPLOYMENT + "environment_variables: {TOP_K: 5}\nerror_threshold: 3\n"))
    assert declared.spec.settings.environment_variables == {"TOP_K": "5"}
    assert declared.spec.settings.error_threshold == -1
    assert declared.notes == ["spec.yml:26: error_threshold not used beside `type: model`; write it under settings"]


def test_a_data_asset_begins_where_its_file_lies(written, tmp_path):
    assert declare(Data, written("name: digits\npath: data\n")).spec.path == str(tmp_path / "data")
    kept = "azureml://datastores/workspaceblobstore/paths/digits"
    assert declare(Data, written(f"name: digits\npath: {kept}\ntype: uri_folder\n")).spec.path == kept


def test_a_cluster_of_azures_is_taken_as_local_and_says_so(written):
    text = "name: batch-cluster\ntype: amlcompute\nsize: STANDARD_DS3_V2\nmin_instances: 0\nmax_instances: 5\n"
    declared = declare(Compute, written(text))
    assert declared.spec == Compute(name="batch-cluster", max_instances=5)
    assert declared.notes == [
        "spec.yml:2: amlcompute is taken as local: jobs run on the worker's machine",
        "spec.yml:3: size has no meaning here and is left out",
    ]


def test_what_a_cluster_is_made_with_is_read_as_yaml_reads_it(written):
    text = "name: c\ntype: dask\ncluster_class: dask.distributed.LocalCluster\n"
    options = "cluster_kwargs: {n_workers: 2, processes: false, memory_limit: 0.5, host: 127.0.0.1, env: {A: b}}\n"
    assert declare(Compute, written(text + options)).spec.cluster_kwargs == {
        "n_workers": 2,
        "processes": False,
        "memory_limit": 0.5,
        "host": "127.0.0.1",
        "env": {"A": "b"},
    }


def test_a_datastores_folder_is_found_beside_its_file(written, tmp_path):
    assert declare(Datastore, written("name: shared\nroot: data\n")).spec.root == str(tmp_path / "data")
    assert declare(Datastore, written("name: shared\nroot: file:///data\n")).spec.root == "file:///data"


def test_a_blob_container_of_azures_is_taken_as_it_is_written(written):
    written_for_azure = """
$schema: https://azuremlschemas.azureedge.net/latest/azureBlob.schema.json
name: blob
type: azure_blob
account_name: account
container_name: images
endpoint: core.windows.net
protocol: wasbs
credentials:
  account_key: THE-KEY
"""
    spec = declare(Datastore, written(written_for_azure)).spec
    assert (spec.root, spec.account_name) == ("az://images", "account")
    assert "THE-KEY" not in repr(spec)


def test_stores_of_azures_that_are_not_read_here_are_refused(written, problems):
    assert problems(Datastore, written("name: lake\ntype: azure_data_lake_gen2\nfilesystem: x\n")) == [
        "spec.yml:2: type is 'azure_data_lake_gen2': a data lake's file systems are blob containers too: give type: "
        "azure_blob, with container_name"
    ]


def test_overrides_win_over_the_file_and_are_checked_like_it(written):
    document = written(DEPLOYMENT)
    document.override("settings.mini_batch_size=20")
    document.override("settings.retry_settings.timeout=60")
    document.override("tags.owner=me")
    document.override("description=a: b, or c")
    spec = declare(Deployment, document).spec
    assert (spec.settings.mini_batch_size, spec.settings.retry_settings.timeout) == (20, 60)
    assert (spec.tags, spec.description) == ({"owner": "me"}, "a: b, or c")


def test_an_override_may_give_a_whole_mapping(written):
    document = written("name: mnist\n")
    document.override("tags={a: 1, b: two}")
    assert declare(Endpoint, document).spec.tags == {"a": "1", "b": "two"}


def test_an_override_without_a_value_removes(written):
    document = written("name: mnist\ndefaults:\n  deployment_name: torch\n")
    document.override("defaults.deployment_name=")
    assert declare(Endpoint, document).spec.defaults.deployment_name is None


def test_all_that_is_required_may_come_from_overrides(written):
    document = written("type: model\ncode_configuration: {code: code, scoring_script: d.py}\n")
    for assignment in ("model=azureml:m:1", "compute=gpu", "endpoint_name=mnist", "name=torch"):
        document.override(assignment)
    assert declare(Deployment, document).spec.model == "azureml:m:1"


def test_a_wrong_override_is_told_with_the_flag(written, problems):
    document = written(DEPLOYMENT)
    document.override("settings.mini_batch_sise=3")
    document.override("settings.threads=many")
    assert problems(Deployment, document) == [
        "--set settings.threads=many: settings.threads is 'many'; it must be a whole number",
        "--set settings.mini_batch_sise=3: settings.mini_batch_sise is not a setting; did you mean mini_batch_size?",
    ]


def test_nothing_can_be_set_below_a_reference(written):
    document = written("model: azureml:digits:1\n")
    with pytest.raises(DeclarationError) as caught:
        document.override("model.path=other")
    assert str(caught.value) == (
        "--set model.path=other: model is 'azureml:digits:1', which has nothing below it; set model itself"
    )


@pytest.mark.parametrize("assignment", ["settings.threads", "=3", "settings..threads=3", ""])
def test_an_override_of_another_form_is_refused_with_an_example(assignment):
    with pytest.raises(DeclarationError, match="write --set KEY=VALUE, for example"):
        Document().override(assignment)


def test_what_is_registered_can_be_declared_again(written):
    spec = declare(Deployment, written(DEPLOYMENT + "tags: {a: b}\n")).spec
    assert declare(Deployment, document_of(spec)).spec == spec


def test_a_job_overrides_what_it_may_in_the_same_words():
    document = Document()
    for assignment in ("mini_batch_size=20", "retry_settings.timeout=5", "output_format=AzureML"):
        document.override(assignment)
    spec = declare(Overrides, document).spec
    assert (spec.mini_batch_size, spec.retry_settings.timeout) == (20, 5)
    assert spec.output_format is OutputFormat.AZUREML
