"""What `batch-endpoint invoke` sends, in every way to type it, and what it refuses before a job exists."""

import json

import pytest


@pytest.fixture
def endpoint(done, ready):
    """The endpoint with its deployment as the default, and folders to score."""
    done("batch-deployment", "create", "--file", "deployment.yml", "--set-default")
    for name in ("a.txt", "b.txt", ".hidden"):
        (ready / "data").mkdir(exist_ok=True)
        (ready / "data" / name).write_text(name)
    (ready / "secret").mkdir()
    (ready / "secret" / ".hidden").write_text("")
    return ready


@pytest.fixture
def invoke(done, session, endpoint):
    """Sends a job; gives the order that reached the launcher."""

    def typed(*args):
        done("batch-endpoint", "invoke", "--name", "mnist", *args)
        return session.launcher.sent[-1][0]

    return typed


@pytest.fixture
def sends(invoke):
    """Sends a job; gives what it changes of its deployment."""
    return lambda *args: invoke("--input", "data", *args).parameters.get("settings", {})


def test_the_job_that_was_sent_is_shown(done, endpoint):
    job = done("batch-endpoint", "invoke", "-n", "MNIST", "--input", "data", "--job-name", "friday")
    assert (job["name"], job["endpoint_name"], job["deployment_name"]) == ("friday", "mnist", "torch")
    assert job["input"] == str(endpoint / "data")


@pytest.mark.parametrize(
    ("typed", "path"),
    [
        (("--input", "data"), "data"),
        (("--input", "data", "--input-type", "uri_folder"), "data"),
        (("--input", "data", "--input-type", "UriFolder"), "data"),
        (("--input", "data/a.txt", "--input-type", "uri_file"), "data/a.txt"),
        (("--inputs", "images.path=data", "images.type=uri_folder"), "data"),
        (
            ("--inputs", "images.path=data/a.txt", "--inputs", "images.type=UriFile", "images.mode=download"),
            "data/a.txt",
        ),
        (("--inputs", "{images: {path: data, type: uri_folder}}"), "data"),
        (("--inputs", '{"images": {"jobInputType": "UriFolder", "uri": "data"}}'), "data"),
        (("--set", "inputs.images.path=data", "inputs.images.type=uri_folder"), "data"),
    ],
)
def test_files_are_given_in_any_of_azures_ways(invoke, endpoint, typed, path):
    assert invoke(*typed).parameters == {"input": str(endpoint / path), "deployment": "torch"}


def test_a_data_asset_is_sent_as_the_version_that_it_is_now(invoke, done, endpoint):
    done("data", "create", "--name", "images", "--path", "data")
    done("data", "create", "--name", "images", "--path", "model")
    assert invoke("--input", "azureml:images@latest").parameters["input"] == "azureml:images:2"
    assert invoke("--input", "azureml:images:1").parameters["input"] == "azureml:images:1"


@pytest.mark.parametrize(
    "typed",
    [
        ("--output-path", "azureml://datastores/workspaceblobstore/paths/out"),
        ("--outputs", "score.path=azureml://datastores/workspaceblobstore/paths/out", "score.type=uri_file"),
        ("--outputs", "score=azureml://datastores/workspaceblobstore/paths/out"),
        ("--set", "output_dataset.datastore_id=azureml:workspaceblobstore", "output_dataset.path=/out/"),
    ],
)
def test_the_output_is_said_in_any_of_azures_ways(invoke, typed):
    output = invoke("--input", "data", *typed).parameters["output"]
    assert output == "azureml://datastores/workspaceblobstore/paths/out"


@pytest.mark.parametrize(
    ("typed", "settings"),
    [
        (("-m", "20", "-c", "2"), {"mini_batch_size": 20, "instance_count": 2}),
        (
            ("--set", "error_threshold=3", "retry_settings.max_retries=1", "retry_settings.timeout=PT1M"),
            {"error_threshold": 3, "retry_settings": {"max_retries": 1, "timeout": 60.0}},
        ),
        (
            ("--set", "settings.error_threshold=3", "settings.retry_settings.timeout=5", "compute.instance_count=2"),
            {"error_threshold": 3, "retry_settings": {"timeout": 5.0}, "instance_count": 2},
        ),
        (("--set", "logging_level=DEBUG", "include_hidden=true"), {"logging_level": "debug", "include_hidden": True}),
        (
            ("--set", "max_concurrency_per_instance=2", "output_file_name=digits.jsonl"),
            {"max_concurrency_per_instance": 2, "output_file_name": "digits.jsonl"},
        ),
        (
            ("--set", "environment_variables.TOP_K=5", "settings.environment_variables.LABELS=a=b"),
            {"environment_variables": {"TOP_K": "5", "LABELS": "a=b"}},
        ),
        (("--inputs", "top_k=5", "labels=[a]"), {"literals": {"top_k": "5", "labels": "[a]"}}),
        (
            ("--inputs", "top_k.type=integer", "top_k.default=5", "cut.type=number", "cut.value=.5"),
            {"literals": {"top_k": 5, "cut": 0.5}},
        ),
        (("--inputs", "{strict: {type: boolean, default: True}}"), {"literals": {"strict": True}}),
        (("--set", "literals.word=hello"), {"literals": {"word": "hello"}}),
    ],
)
def test_what_a_job_changes_is_sent_with_it_and_nothing_else(sends, typed, settings):
    assert sends(*typed) == settings


def test_a_file_says_the_same_and_flags_win_over_it(invoke, endpoint):
    (endpoint / "inputs.yml").write_text(
        "$schema: https://example.com/inputs.json\n"
        "inputs:\n  images: {type: uri_folder, path: nowhere}\n  mode: {type: string, default: append}\n"
        "outputs:\n  score: {type: uri_file, path: out}\n"
        "mini_batch_size: 3\nerror_threshold: 1\n"
    )
    order = invoke("-f", "inputs.yml", "--inputs", "images.path=data", "-m", "5", "--set", "error_threshold=2")
    assert order.parameters == {
        "input": str(endpoint / "data"),
        "deployment": "torch",
        "output": str(endpoint / "out"),
        "settings": {"mini_batch_size": 5, "error_threshold": 2, "literals": {"mode": "append"}},
    }


def test_what_azure_groups_jobs_by_is_left_out_with_a_note(run, endpoint):
    result = run("batch-endpoint", "invoke", "-n", "mnist", "--input", "data", "--experiment-name", "spring")
    assert result.exit_code == 0
    assert result.stderr == "note: --experiment-name spring: experiment_name has no meaning here and is left out\n"


def test_a_key_that_was_used_gives_the_job_that_it_made_whatever_has_become_of_its_output(done, session, endpoint):
    typed = ("batch-endpoint", "invoke", "-n", "mnist", "--input", "data", "--output-path", "out", "--job-name", "one")
    first = done(*typed, "--idempotency-key", "monday")
    (endpoint / "out").mkdir()
    (endpoint / "out" / "predictions.csv").write_text("")
    done("batch-deployment", "create", "-f", "deployment.yml", "-n", "keras", "--set-default")
    assert done(*typed, "--idempotency-key", "monday") == first
    assert len(session.launcher.sent) == 1


SEND = ("batch-endpoint", "invoke", "--name", "mnist")
REFUSED = {
    "no input": ((), "no files to score are given: write --input PATH, or inputs.NAME.path"),
    "literal inputs only": (("--inputs", "top_k=5"), "no files to score are given"),
    "both --input and --inputs": (
        ("--input", "data", "--inputs", "images.path=data"),
        "files are given as input and as inputs.images.path; keep one",
    ),
    "two inputs with files": (
        ("--inputs", "a.path=data", "b.path=data"),
        "files are given as inputs a and b; a job has one input",
    ),
    "an input key with a space": (
        ("--inputs", "my images.path=data"),
        "--inputs my images.path=data: inputs: 'my images' is no name for an input: it may hold only letters, digits",
    ),
    "a literal key with a space": (
        ("--input", "data", "--inputs", "top k=5"),
        "--inputs top k=5: inputs: 'top k' is no name for a literal input: it becomes an environment variable",
    ),
    "a literal that hides PATH": (("--input", "data", "--inputs", "PATH=/bin"), "'PATH' is taken"),
    "a literal that hides Azure's": (
        ("--input", "data", "--inputs", "AZUREML_MODEL_DIR=/m"),
        "'AZUREML_MODEL_DIR' is taken: the scoring script finds something else under that name",
    ),
    "a literal that is not of its type": (
        ("--input", "data", "--inputs", "top_k.type=integer", "top_k.default=five"),
        "inputs.top_k: default is 'five'; for type integer it must be a whole number, such as 5",
    ),
    "a literal where files are wanted": (
        ("--inputs", "images.type=string", "images.path=data"),
        "inputs.images: type string does not go with what is given; write default: VALUE, or type: uri_folder",
    ),
    "files where a value is given": (
        ("--input", "data", "--inputs", "k.type=uri_folder", "k.default=5"),
        "inputs.k: type uri_folder does not go with what is given; write path: PATH, or type: string",
    ),
    "an input with nothing in it": (
        ("--input", "data", "--inputs", "k.type=integer"),
        "inputs.k: it has neither path nor default; write path for files, or default for the value",
    ),
    "an input with both": (("--inputs", "k.path=data", "k.default=5"), "inputs.k: it has both path and default"),
    "an input without a value": (
        ("--input", "data", "--inputs", "top_k"),
        "--inputs top_k: write --inputs NAME=VALUE or NAME.KEY=VALUE, as in --inputs top_k=5 images.path=data",
    ),
    "an unknown key of an input": (("--inputs", "a.path=data", "a.size=3"), "inputs.a.size is not a known key"),
    "a table": (
        ("--input", "data", "--input-type", "mltable"),
        "--input-type mltable: input_type: 'mltable' cannot be used: tables are not read here; use uri_folder",
    ),
    "a model as input": (
        ("--inputs", "m.type=mlflow_model", "m.path=model"),
        "inputs.m.type: 'mlflow_model' cannot be used: a model belongs to the deployment",
    ),
    "no type at all": (("--input", "data", "--input-type", "uri_foldr"), "it must be 'uri_folder' or 'uri_file'"),
    "an unknown setting": (
        ("--input", "data", "--set", "mini_batch_sise=3"),
        "--set mini_batch_sise=3: mini_batch_sise is not a setting; did you mean mini_batch_size?",
    ),
    "a threshold below -1": (
        ("--input", "data", "--set", "error_threshold=-2"),
        "--set error_threshold=-2: error_threshold: -2 is neither -1, nor a number of files",
    ),
    "a negative number of tries": (
        ("--input", "data", "--set", "retry_settings.max_retries=-1"),
        "--set retry_settings.max_retries=-1: retry_settings.max_retries is -1; it must be at least 0",
    ),
    "a mini-batch of nothing": (("--input", "data", "-m", "0"), "--mini-batch-size 0: mini_batch_size is 0"),
    "instances that are no number": (("--input", "data", "-c", "all"), "--instance-count all: instance_count is 'all'"),
    "more instances than there are": (
        ("--input", "data", "-c", "3"),
        "--instance-count 3: instance_count is 3, but compute 'batch-cluster' has at most 2",
    ),
    "another output action": (
        ("--input", "data", "--set", "settings.output_action=summary_only"),
        "output_action cannot be used: it is the deployment's, for all its jobs; create another deployment",
    ),
    "another compute": (("--input", "data", "--set", "compute=azureml:gpu"), "compute cannot be used: it is the"),
    "a variable without a name": (
        ("--input", "data", "--set", "environment_variables={'': x}"),
        "environment_variables: '' cannot be set: a name has at least one character",
    ),
    "a value that is given twice": (
        ("--input", "data", "--inputs", "k=1", "--set", "environment_variables.k=2"),
        "k is given as a literal input and as an environment variable; remove one",
    ),
    "a data asset that is not there": (
        ("--input", "azureml:heart:1"),
        "--input azureml:heart:1: no data asset 'heart' is registered; there is none",
    ),
    "no version of a data asset": (
        ("--input", "azureml:heart"),
        "azureml:heart is no path; write azureml://datastores",
    ),
    "a folder that is not there": (("--input", "nowhere"), "nowhere is not there"),
    "an empty path": (("--input", ""), "--input : input is ''; it must be at least 1 characters long"),
    "hidden files only": (
        ("--input", "secret"),
        "has no files to score; hidden ones count with settings.include_hidden",
    ),
    "a folder where a file was said": (("--input", "data", "--input-type", "uri_file"), "is a folder; give one file"),
    "two outputs": (
        ("--input", "data", "--output-path", "out", "--outputs", "score.path=out"),
        "a job has one output, and several are given",
    ),
    "an output below a file name": (
        ("--input", "data", "--set", "output_file_name=a/b.csv"),
        "output_file_name: 'a/b.csv' is not a file name",
    ),
    "an unknown deployment": (
        ("--input", "data", "-d", "keras"),
        "--deployment-name keras: endpoint 'mnist' has no deployment 'keras'; it has 'torch'",
    ),
    "a job name with a space": (("--input", "data", "--job-name", "my job"), "'my job' is no name for a job"),
    "an empty key": (("--input", "data", "--idempotency-key", ""), "an idempotency key has 1 to 255 characters"),
    "a file that is not there": (("-f", "inputs.yml"), "inputs.yml: cannot be read: No such file or directory"),
}


@pytest.mark.parametrize(("typed", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_a_job_that_cannot_be_is_refused_in_a_sentence_and_not_sent(refused, session, endpoint, typed, said):
    (line,) = refused(*SEND, *typed)
    assert said in line
    assert session.launcher.sent == []


def test_a_file_is_refused_with_its_line(refused, endpoint):
    (endpoint / "inputs.yml").write_text("inputs:\n  images:\n    type: uri_folder\n    pth: data\n")
    lines = refused(*SEND, "-f", "inputs.yml")
    assert lines[-1] == "error: inputs.yml:4: inputs.images.pth is not a known key; did you mean path?"


@pytest.mark.parametrize("there", ["failures.jsonl", "summary.json"])
def test_another_jobs_account_in_the_output_is_not_avoided_by_another_file_name(refused, endpoint, there):
    (endpoint / "out").mkdir()
    (endpoint / "out" / there).write_text("")
    (line,) = refused(*SEND, "--input", "data", "--output-path", "out", "--set", "output_file_name=other.csv")
    assert line.endswith(f"{there} exists already: another job's output is in that folder; choose another output path")


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        (("--input", "model"), "input"),
        (("--input", "data", "-m", "3"), "settings"),
        (("--input", "data", "--output-path", "elsewhere"), "output"),
        (("--input", "data", "--job-name", "two"), "name"),
    ],
)
def test_a_key_stands_for_one_job(done, refused, session, endpoint, changed, what):
    done(*SEND, "--input", "data", "--idempotency-key", "monday", "--job-name", "one")
    (line,) = refused(*SEND, *changed, "--idempotency-key", "monday")
    assert line == (
        f"error: idempotency key 'monday' was used for job 'one', which has another {what}; give another key for "
        "another job"
    )
    assert len(session.launcher.sent) == 1


def test_a_job_name_is_given_once(done, refused, endpoint):
    done(*SEND, "--input", "data", "--job-name", "friday")
    (line,) = refused(*SEND, "--input", "data", "--job-name", "friday")
    assert line == "error: there is a job 'friday' already; give another --job-name"


def test_a_literal_is_shown_with_the_job(done, endpoint):
    job = done(*SEND, "--input", "data", "--inputs", "top_k.type=integer", "top_k.default=5")
    assert json.dumps(job["settings"]) == '{"literals": {"top_k": 5}}'


def test_a_dry_run_scores_a_few_files_here_and_leaves_nothing(run, session, endpoint, home):
    (endpoint / "data" / "sub").mkdir()
    for number in range(20):
        (endpoint / "data" / "sub" / f"{number:02d}").write_text("")
    before = sorted(home.rglob("*"))
    result = run(*SEND, "--input", "data", "--dry-run", "-m", "3", "--output-path", "out")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0] == "mnist / torch, tried with 8 of 22 files; nothing is kept"
    assert "  rows     1 a file" in lines
    assert any(line.startswith("  mini_batch_size               3") for line in lines)
    assert session.launcher.sent == []
    assert sorted(home.rglob("*")) == before
    assert not (endpoint / "out").exists()


def test_a_dry_run_whose_script_fails_says_why_and_by_its_exit_code_too(run, endpoint, done):
    (endpoint / "code" / "driver.py").write_text("def run(mini_batch): raise ValueError('no digits')\n")
    done("batch-deployment", "create", "--file", "deployment.yml", "--name", "broken")
    result = run(*SEND, "--input", "data", "--dry-run", "-d", "broken", "-o", "json")
    assert result.exit_code == 1
    (said,) = json.loads(result.stdout)["problems"]
    assert said.startswith("2 of 2 files failed alone: ValueError: no digits (driver.py:1 in run)")


def test_a_dry_run_sends_nothing_that_could_be_waited_for(refused, endpoint):
    lines = refused(*SEND, "--input", "data", "--dry-run", "--wait", code=2)
    assert lines[-1] == "Error: --dry-run sends no job: leave out --wait"


@pytest.mark.parametrize(
    "name", ["no input", "a folder that is not there", "hidden files only", "an unknown deployment"]
)
def test_a_dry_run_is_refused_as_the_job_would_be(refused, endpoint, name):
    typed, said = REFUSED[name]
    (line,) = refused(*SEND, *typed, "--dry-run")
    assert said in line
