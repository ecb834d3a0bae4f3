"""The commands of a user's walk do what they say, in the words of az ml."""

import pytest


def test_the_walk_from_nothing_to_two_deployments_and_back(done, run, project, session):
    done("compute", "create", "-n", "batch-cluster", "--type", "local", "--min-instances", 0, "--max-instances", 2)
    done("model", "create", "--name", "digits-torch", "--type", "custom_model", "--path", "model")
    (project / "endpoint.yml").write_text("name: mnist\ndescription: Reads digits.\n")
    done("batch-endpoint", "create", "--file", "endpoint.yml")
    create = ["batch-deployment", "create", "--file", "deployment.yml", "--endpoint-name", "mnist"]
    done(*create, "--set", "model=azureml:digits-torch@latest", "--set-default")
    done(*create, "--name", "keras")
    changed = done("batch-endpoint", "update", "--name", "mnist", "--set", "defaults.deployment_name=keras")
    assert changed["defaults"] == {"deployment_name": "keras"}
    shown = done("batch-endpoint", "show", "--name", "mnist", "--query", "{Name:name, Defaults:defaults}")
    assert shown == {"Name": "mnist", "Defaults": {"deployment_name": "keras"}}
    assert [each["model"] for each in done("batch-deployment", "list", "-e", "mnist")] == [
        "azureml:digits-torch:1",
        "azureml:digits:1",
    ]
    done("batch-deployment", "delete", "--name", "torch", "--endpoint-name", "mnist", "--yes")
    done("batch-endpoint", "delete", "--name", "mnist", "--yes")
    assert done("batch-endpoint", "list") == []
    assert session.launcher.registered == {}


def test_every_command_of_the_walk_can_be_typed_again(done, ready):
    for _ in range(2):
        done("compute", "create", "-n", "batch-cluster", "--type", "local", "--max-instances", 2)
        done("model", "create", "--name", "digits", "--path", "model")
        done("batch-endpoint", "create", "--name", "mnist")
        done("batch-deployment", "create", "--file", "deployment.yml", "--set-default")
    assert [(each["name"], each["version"]) for each in done("model", "list")] == [("digits", "1")]


def test_flags_win_over_the_file_and_over_set(done, ready):
    done("batch-endpoint", "create", "--name", "letters")
    created = done(
        *("batch-deployment", "create", "-f", "deployment.yml", "--name", "onnx", "--endpoint-name", "letters"),
        *("--set", "name=ignored", "settings.mini_batch_size=20", "settings.threads=2"),
    )
    assert (created["endpoint_name"], created["name"]) == ("letters", "onnx")
    assert (created["settings"]["mini_batch_size"], created["settings"]["threads"]) == (20, 2)


def test_a_deployment_is_changed_by_what_is_set(done, ready):
    done("batch-deployment", "create", "-f", "deployment.yml")
    changed = done("batch-deployment", "update", "-n", "torch", "-e", "mnist", "--set", "settings.mini_batch_size=5")
    shown = done("batch-deployment", "show", "-n", "torch", "-e", "mnist")
    assert changed == shown
    assert shown["settings"]["mini_batch_size"] == 5


def test_an_endpoint_is_changed_by_a_file_but_for_what_it_leaves_out(done, ready):
    done("batch-endpoint", "update", "-n", "mnist", "--set", "tags.a=1", "description=old")
    (ready / "endpoint.yml").write_text("description: new\n")
    changed = done("batch-endpoint", "update", "-n", "mnist", "-f", "endpoint.yml")
    assert (changed["description"], changed["tags"]) == ("new", {"a": "1"})


def test_a_path_in_the_file_begins_at_the_file_and_one_on_the_command_line_at_the_caller(
    done, ready, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").write_text("other")
    (ready / "model.yml").write_text("name: m\npath: model\n")
    from_file = done("model", "create", "--file", "project/model.yml", "--query", "digest")
    from_flag = done("model", "create", "--file", "project/model.yml", "--path", "mine", "--query", "digest")
    assert from_file != from_flag


def test_a_cluster_of_azures_is_created_as_azures_script_does_and_a_note_says_what_it_became(run):
    result = run(
        *("compute", "create", "-n", "batch-cluster", "--type", "amlcompute", "--min-instances", "0"),
        *("--max-instances", "5", "--size", "STANDARD_DS3_V2", "-g", "group", "-w", "workspace"),
    )
    assert result.exit_code == 0
    assert result.stderr.splitlines() == [
        "note: --type amlcompute: amlcompute is taken as local: jobs run on the worker's machine",
        "note: --size STANDARD_DS3_V2: size has no meaning here and is left out",
    ]


@pytest.mark.parametrize(
    "typed",
    [
        ("--set", "tags.a=1", "tags.b=2", "-o", "json"),
        ("--set", "tags.a=1", "--set", "tags.b=2"),
        ("--set=tags.a=1", "tags.b=2"),
        ("--se", "tags.a=1", "tags.b=2"),
    ],
)
def test_several_keys_are_set_in_any_of_the_ways_people_type_it(done, typed):
    assert done("compute", "create", "-n", "c", *typed)["tags"] == {"a": "1", "b": "2"}


def test_options_may_be_cut_short_where_that_is_clear(done, ready):
    assert done("batch-deployment", "create", "--f", "deployment.yml", "--endpoint", "mnist")["name"] == "torch"


def test_a_datastore_is_created_and_listed_beside_the_default(done, tmp_path, project):
    done("datastore", "create", "--name", "shared", "--root", "data")
    assert done("datastore", "list", "--query", "[].name") == ["shared", "workspaceblobstore"]
    assert done("datastore", "show", "-n", "shared")["root"] == str(project / "data")


def test_models_are_listed_shown_and_deleted_by_version(done, refused, project):
    done("model", "create", "-n", "digits", "-p", "model")
    done("model", "create", "-n", "digits", "-p", "code")
    assert done("model", "show", "-n", "digits")["version"] == "2"
    assert done("model", "show", "-n", "digits", "--version", "1")["version"] == "1"
    done("model", "delete", "-n", "digits", "--version", "2", "--yes")
    assert done("model", "list", "-n", "digits", "--query", "[].version") == ["1"]


@pytest.mark.parametrize(
    "delete",
    [
        ("compute", "delete", "-n", "batch-cluster"),
        ("batch-endpoint", "delete", "-n", "mnist"),
        ("batch-deployment", "delete", "-n", "torch", "-e", "mnist"),
        ("model", "delete", "-n", "digits"),
    ],
)
def test_deleting_asks_first_and_a_no_deletes_nothing(run, done, ready, delete):
    done("batch-deployment", "create", "-f", "deployment.yml")
    for answer in ("n\n", ""):
        result = run(*delete, input=answer)
        assert result.exit_code == 1
        assert "(--yes does not ask)" in result.stderr
    assert len(done("batch-deployment", "list", "-e", "mnist")) == 1
    assert len(done("compute", "list")) == len(done("model", "list")) == len(done("batch-endpoint", "list")) == 1
