"""Each wrong thing that is typed is told in one line: where it was written, what it is, what would be right."""

import pytest

from blocks.specs import Deployment, Model

CREATE = ("batch-deployment", "create", "--file", "deployment.yml")
SIZE = "mini_batch_size: 10"
MODEL = "model:\n  name: digits\n  path: model"
NAME = (
    "is no name for an endpoint or a deployment: it must be 3 to 32 letters, digits and dashes that begin with a letter"
)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (SIZE, "mini_batch_size: 2.5", "12: settings.mini_batch_size is 2.5; it must be a whole number"),
        (SIZE, "mini_batch_size: [1]", "12: settings.mini_batch_size is ['1']; it must be a whole number"),
        (
            SIZE,
            "error_threshold: -2",
            "12: settings.error_threshold: -2 is neither -1, nor a number of files, nor a share such as 5%",
        ),
        (SIZE, "retry_settings: 3", "12: settings.retry_settings is 3; it must be a mapping of keys to values"),
        (
            SIZE,
            "retry_settings: {max_retry: 1}",
            "12: settings.retry_settings.max_retry is not a setting; did you mean",
        ),
        (
            SIZE,
            "retry_settings: {max_retries: -1}",
            "12: settings.retry_settings.max_retries is -1; it must be at least",
        ),
        (SIZE, "retry_settings: {timeout: 0}", "12: settings.retry_settings.timeout is 0; it must be more than 0"),
        (
            SIZE,
            "retry_settings: {timeout: 300000}",
            "12: settings.retry_settings.timeout is 300000; it must be at most",
        ),
        (SIZE, "init_timeout: PT", "12: settings.init_timeout: 'PT' is no duration; write seconds, such as 90, or ISO"),
        (SIZE, "output_action: append", "12: settings.output_action is 'append'; it must be 'append_row' or 'summary"),
        (
            SIZE,
            "output_action: summary_only\n  output_file_name: x.csv",
            "11: settings: output_file_name has no use with",
        ),
        (SIZE, "output_file_name: a/b.csv", "12: settings.output_file_name: 'a/b.csv' is not a file name: it may hold"),
        (SIZE, "output_format: xml", "12: settings.output_format is 'xml'; it must be 'csv', 'jsonl', 'parquet' or"),
        (SIZE, "logging_level: loud", "12: settings.logging_level is 'loud'; it must be 'warning', 'info' or 'debug'"),
        (SIZE, "environment_variables: [A]", "12: settings.environment_variables is ['A']; it must be a mapping of"),
        (SIZE, "environment_variables: {A: [1]}", "12: settings.environment_variables.A is ['1']; it must be text"),
        (SIZE, "threads: 0", "12: settings.threads is 0; it must be at least 1"),
        (SIZE, "include_hidden: maybe", "12: settings.include_hidden is 'maybe'; it must be true or false"),
        (SIZE, "partition_keys: [a]", "12: settings.partition_keys cannot be used: mini-batches are cut by count only"),
        (SIZE, "instance_count: 2\nresources: {instance_count: 1}", "12: settings.instance_count is given beside reso"),
        ("settings:\n", "settings: fast\ntags:\n", "11: settings is 'fast'; it must be a mapping of keys to values"),
        ("type: model", "type: modle", "3: type is 'modle'; it must be 'model'"),
        ("type: model", "type: model\ntags: red", "4: tags is 'red'; it must be a mapping of keys to values"),
        ("type: model", "type: model\ntype: model", "4: type is given twice; keep one"),
        ("type: model", "type: model\n  tags: red", "4: this is not YAML: mapping values are not allowed here"),
        ("type: model", "type: model\nresources: {instance_count: 0}", "4: resources.instance_count is 0; it must be"),
        (
            "type: model",
            "type: model\nresources: {count: 1}",
            "4: resources.count is not a known key; known are inst",
        ),
        ("type: model", "type: model\nliveness_probe: {}\n", "4: liveness_probe cannot be used: it belongs to online"),
        ("name: torch", "name: my_torch", f"1: name: 'my_torch' {NAME}"),
        ("name: torch", "name: t", f"1: name: 't' {NAME}"),
        (
            "compute: azureml:batch-cluster",
            "compute: azureml:a:1",
            "10: 'azureml:a:1' is no reference to a compute; write",
        ),
        ("compute: azureml:batch-cluster", "compute: {name: a}", "10: compute is a mapping; it must be text"),
        ("driver.py", "driver.sh", "9: code_configuration.scoring_script: 'driver.sh' is not the path of a .py file"),
        ("driver.py", "../driver.py", "9: code_configuration.scoring_script: '../driver.py' is not the path of a .py"),
        (
            "driver.py",
            "drver.py",
            "drver.py cannot be read: No such file or directory; code_configuration.scoring_script",
        ),
        ("code: code", "code: cod", "/cod is not a folder; give the folder that holds the scoring script"),
        ("code: code", "code: azureml:code:1", "8: code_configuration.code azureml:code:1 is not a folder; give the"),
        ("  path: model", "  path: mdel", "/mdel does not exist; give the path of a file or folder"),
        (
            "  path: model",
            "  path: runs:/1/model",
            "6: path runs:/1/model is kept by MLflow; say where that is: export MLFL",
        ),
        (
            "  name: digits",
            "  name: dig its",
            "5: model.name: 'dig its' may hold only letters, digits, dashes, dots and",
        ),
        (
            MODEL,
            "model: digits",
            "4: 'digits' names no version of a model; write azureml:NAME:VERSION, or azureml:NAME@",
        ),
        (
            MODEL,
            "model: azureml:digits:9",
            "4: no model 'digits' is registered; there is none; to register it: batchpoi",
        ),
        (MODEL, "model: azureml://registries/r/models/m/versions/1", "is in a registry of Azure's, which cannot be"),
        (
            "type: model",
            "environment: azureml:AzureML-torch:1",
            "3: 'azureml:AzureML-torch:1' is curated by Azure, which",
        ),
        (
            "type: model",
            "environment: {conda_file: conda.yml}",
            "conda.yml is not there; give the path of a conda file",
        ),
        (
            "type: model",
            "environment: {name: e}",
            "3: environment: none of image, conda_file, requirements and python is",
        ),
    ],
)
def test_a_wrong_deployment_is_told_with_its_file_and_line(refused, ready, session, old, new, said):
    text = (ready / "deployment.yml").read_text()
    assert old in text
    (ready / "deployment.yml").write_text(text.replace(old, new, 1))
    (line,) = refused(*CREATE)
    assert line.startswith("error: deployment.yml:")
    assert said in line
    assert session.store.list(Deployment) == session.store.list(Model) == []


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ("name: torch\n", "name is missing: the deployment's name: 3 to 32 letters"),
        ("endpoint_name: mnist\n", "endpoint_name is missing: the endpoint it belongs to"),
        ("compute: azureml:batch-cluster\n", "compute is missing: the compute that runs its jobs"),
        (f"{MODEL}\n", "model is missing: the model: azureml:NAME:VERSION"),
    ],
)
def test_what_is_missing_is_told_with_what_it_is_for(refused, ready, missing, said):
    text = (ready / "deployment.yml").read_text()
    assert missing in text
    (ready / "deployment.yml").write_text(text.replace(missing, "", 1))
    (line,) = refused(*CREATE)
    assert line.startswith(f"error: deployment.yml: {said}")


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--set", "settings.mini_batch_size"), "--set settings.mini_batch_size: write --set KEY=VALUE, for example"),
        (
            ("--set", "settings.mini_batch_size=many"),
            "--set settings.mini_batch_size=many: settings.mini_batch_size is",
        ),
        (("--set", "settings.retry_settings.timeout=soon"), "settings.retry_settings.timeout is 'soon'; it must be"),
        (("--set", "model.path.x=1"), "--set model.path.x=1: model.path is 'model', which has nothing below it; set"),
        (("--set", "model.path=nowhere"), "--set model.path=nowhere: model path"),
        (("--set", "tags=[a]"), "--set tags=[a]: tags is ['a']; it must be a mapping of keys to values"),
        (("--endpoint-name", "no good"), f"--endpoint-name no good: endpoint_name: 'no good' {NAME}"),
        (("--endpoint-name", "letters"), "--endpoint-name letters: no endpoint 'letters' is registered; there is"),
        (("--tags", "owner"), "--tags owner: write --tags KEY=VALUE, for example --tags owner=me"),
        (("--name", "1st"), f"--name 1st: name: '1st' {NAME}"),
    ],
)
def test_a_wrong_flag_of_a_deployment_is_told_with_the_flag(refused, ready, flags, said):
    (line,) = refused(*CREATE, *flags)
    assert line.startswith(f"error: {flags[0]} ")
    assert said in line


@pytest.mark.parametrize(
    ("noun", "text", "said"),
    [
        ("batch-endpoint", "name: mnist\nauth_mode: key", "2: auth_mode is 'key': who may call is decided by who"),
        (
            "batch-endpoint",
            "name: mnist\ntraffic: {a: 100}",
            "2: traffic cannot be used: it belongs to online endpoints",
        ),
        ("batch-endpoint", "name: mnist\ndefaults: torch", "2: defaults is 'torch'; it must be a mapping of keys to"),
        (
            "batch-endpoint",
            "name: mnist\ndefaults: {deployment: a}",
            "2: defaults.deployment is not a known key; did you",
        ),
        (
            "batch-endpoint",
            "name: mnist\ndefaults: {deployment_name: abc}",
            "2: endpoint 'mnist' has no deployment 'abc'",
        ),
        ("model", "name: m\npath: model\nversions: 2", "3: versions is not a known key; did you mean version?"),
        (
            "model",
            "name: m\npath: model\ntype: onnx",
            "3: type is 'onnx'; it must be 'custom_model', 'mlflow_model' or",
        ),
        ("model", "name: m\npath: gone", "2: model path"),
        (
            "environment",
            "dependencies: [python]",
            "1: dependencies belongs to a conda file, and this is an environment",
        ),
        ("environment", "name: e\nimage: x\nos_type: windows", "3: os_type is 'windows'; it must be 'linux'"),
        (
            "environment",
            "name: e\nbuild: {path: .}",
            "2: build cannot be used: images are not built here; name a built",
        ),
        (
            "environment",
            "name: e\nconda_file: {dependencies: python}",
            "2: conda_file.dependencies is 'python'; it must",
        ),
        (
            "data",
            "name: d\npath: model\ntype: mltable",
            "3: type is 'mltable': tables are not read here; use uri_folder",
        ),
        ("data", "name: d\npath: model\ntype: uri_file", "/model is a folder, and type is uri_file; give --type uri_f"),
        ("data", "name: d\npath: gone", "/gone does not exist; give the path of a file or folder"),
        ("data", "name: d\npath: azureml://datastores/s/paths/x", "2: no datastore 's' is registered; there is"),
        (
            "datastore",
            "name: s\ntype: azure_blob\naccount_name: a",
            " a datastore of type azure_blob has an account_name",
        ),
        ("datastore", "name: s\ntype: azure_file", "2: type is 'azure_file': file shares are not read here; mount it"),
        ("datastore", "name: s\nroot: /proc/x/y", "2: datastore root /proc/x/y cannot be made: No such file or dir"),
        ("compute", "name: c\nmax_instances: zero", "2: max_instances is 'zero'; it must be a whole number"),
    ],
)
def test_other_kinds_are_told_wrong_with_file_and_line(refused, project, session, noun, text, said):
    (project / "x.yml").write_text(f"{text}\n")
    (line,) = refused(noun, "create", "--file", "x.yml")
    assert line.startswith("error: x.yml:")
    assert said in line


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (
            ("batch-endpoint", "update", "-n", "mnist", "--add", "tags"),
            "--add tags: write --add KEY VALUE, for example",
        ),
        (
            ("batch-endpoint", "update", "-n", "mnist", "--add", "tags", "a"),
            "--add tags a: write --add tags KEY=VALUE, for",
        ),
        (
            ("batch-endpoint", "update", "-n", "mnist", "--remove", "tags.a"),
            "--remove tags.a: there is no such key; write",
        ),
        (
            ("model", "create", "-n", "m", "-p", "model", "-v", "1/2"),
            "--version 1/2: version: '1/2' may hold only letters",
        ),
        (("model", "show", "-n", "m", "--version", "3"), "no model 'm' is registered; there is none; to register it"),
        (
            ("model", "archive", "-n", "m"),
            "no model 'm' is registered; there is none; to register it: batchpoint model",
        ),
        (("data", "create", "-n", "d", "-p", "gone"), "--path"),
        (("environment", "create", "-n", "e", "-c", "gone.yml"), "gone.yml is not there; give the path of a conda"),
        (
            ("datastore", "delete", "-n", "workspaceblobstore", "-y"),
            "holds models, code and jobs, and cannot be deleted",
        ),
        (
            ("compute", "create", "-n", "c", "--min-instances", "3", "--max-instances", "1"),
            "min_instances is 3 but max",
        ),
    ],
)
def test_other_flags_are_told_wrong(refused, ready, done, typed, said):
    done("datastore", "list")
    (line,) = refused(*typed)
    assert said in line
