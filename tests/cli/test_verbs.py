"""Every kind has its verbs, `show` prints what is known, and what it prints can be created again."""

import pytest
from ruamel.yaml import YAML

CREATE = ("batch-deployment", "create", "--file", "deployment.yml")
CONDA = "dependencies:\n- python>=3.11\n- pip\n"
INLINE = "environment:\n  image: ubuntu:24.04\n  conda_file: conda.yaml\n"


@pytest.fixture
def everything(done, ready):
    """One of each kind, registered."""
    (ready / "conda.yaml").write_text(CONDA)
    with (ready / "deployment.yml").open("a") as file:
        file.write(INLINE)
    done(*CREATE, "--set-default", "--tags", "owner=me", "team=vision")
    done("data", "create", "--name", "images", "--path", "model", "--description", "a folder")
    done("environment", "create", "-n", "torch", "--conda-file", "conda.yaml", "--image", "debian:12")
    done("datastore", "create", "-n", "shared", "--root", "data")
    return ready


SHOW = {
    "batch-endpoint": ("--name", "mnist"),
    "batch-deployment": ("--name", "torch", "--endpoint-name", "mnist"),
    "model": ("--name", "digits"),
    "environment": ("--name", "torch"),
    "data": ("--name", "images"),
    "datastore": ("--name", "shared"),
    "compute": ("--name", "batch-cluster"),
}


@pytest.mark.parametrize("noun", SHOW)
@pytest.mark.parametrize("form", ["json", "yaml"])
def test_what_is_shown_can_be_created_again_and_changes_nothing(run, done, everything, noun, form):
    before = done(noun, "show", *SHOW[noun])
    (everything / "shown.yml").write_text(run(noun, "show", *SHOW[noun], "-o", form).stdout)
    done(noun, "create", "--file", "shown.yml")
    after = done(noun, "show", *SHOW[noun])
    for known in (before, after):
        known.pop("creation_context", None)
    assert after == before


@pytest.mark.parametrize("noun", ["model", "environment", "data"])
def test_what_is_shown_can_be_registered_under_another_name_with_the_same_content(run, done, everything, noun):
    (everything / "shown.yml").write_text(run(noun, "show", *SHOW[noun], "-o", "yaml").stdout)
    copied = done(noun, "create", "--file", "shown.yml", "--name", "copy", "--version", "7")
    assert (copied["id"], copied["digest"]) == ("azureml:copy:7", done(noun, "show", *SHOW[noun])["digest"])


def test_an_endpoint_is_shown_with_what_the_system_knows(done, everything):
    shown = done("batch-endpoint", "show", "-n", "mnist")
    assert shown["scoring_uri"] == "recorded://mnist"
    assert (shown["provisioning_state"], shown["last_job"]) == ("Succeeded", None)
    assert shown["defaults"] == {"deployment_name": "torch"}
    assert shown["creation_context"]["created_at"] <= shown["creation_context"]["last_modified_at"]


def test_a_deployment_is_shown_with_whether_it_is_the_default(done, everything):
    done(*CREATE, "--name", "keras")
    shown = [done("batch-deployment", "show", "-n", name, "-e", "mnist") for name in ("torch", "keras")]
    assert [each["is_default"] for each in shown] == [True, False]
    assert shown[0]["environment"] == "azureml:mnist-torch:1"
    assert shown[0]["tags"] == {"owner": "me", "team": "vision"}


def test_a_build_can_be_left_to_the_first_job(run, everything):
    later = "environment={name: mnist-torch, requirements: [torch==2.13.0]}"
    result = run(*CREATE, "--no-wait", "--set", later)
    assert result.exit_code == 0
    assert result.stderr == "note: environment mnist-torch is built when the first job needs it\n"


def test_registering_the_same_content_again_says_so(run, everything):
    result = run("model", "create", "-n", "digits", "-p", "model")
    assert result.stderr == "note: model 'digits' has this content already, as version 1: nothing was added\n"


def test_a_mapping_is_added_to_and_removed_from(done, everything):
    update = ("batch-deployment", "update", "-n", "torch", "-e", "mnist")
    assert done(*update, "--add", "tags", "size=small", "team=text")["tags"] == {
        "owner": "me",
        "size": "small",
        "team": "text",
    }
    assert done(*update, "--remove", "tags.owner", "--add", "tags", "a=b c")["tags"] == {
        "size": "small",
        "team": "text",
        "a": "b c",
    }
    assert done("batch-endpoint", "update", "-n", "mnist", "--add", "tags", "a=1", "--tags", "b=2")["tags"] == {
        "a": "1",
        "b": "2",
    }


def test_the_default_is_moved_by_either_of_azures_ways_to_write_it(done, everything):
    done(*CREATE, "--name", "keras")
    update = ("batch-endpoint", "update", "-n", "mnist", "--query", "defaults.deployment_name")
    assert done(*update, "--defaults", "deployment_name=keras") == "keras"
    assert done(*update, "--set", "defaults.deployment_name=torch") == "torch"


def test_a_setting_that_is_removed_is_its_default_again(done, everything):
    update = ("batch-deployment", "update", "-n", "torch", "-e", "mnist")
    assert done(*update, "--set", "settings.mini_batch_size=3")["settings"]["mini_batch_size"] == 3
    assert done(*update, "--remove", "settings.mini_batch_size")["settings"]["mini_batch_size"] == 10


def test_a_model_is_archived_restored_and_left_out_of_lists_meanwhile(done, everything):
    done("model", "create", "-n", "digits", "-p", "code")
    done("model", "archive", "-n", "digits", "--version", "2")
    versions = ("--query", "[].version")
    assert done("model", "list", "-n", "digits", *versions) == ["1"]
    assert done("model", "list", "--archived-only", *versions) == ["2"]
    assert done("model", "list", "-n", "digits", "--include-archived", *versions) == ["1", "2"]
    assert done("model", "show", "-n", "digits", "--label", "latest", "--query", "version") == "1"
    done("model", "restore", "-n", "digits")
    assert done("model", "show", "-n", "digits", "--query", "version") == "2"


def test_a_model_is_downloaded_whole_into_a_folder_of_its_name(done, refused, everything):
    assert done("model", "download", "-n", "digits", "-p", "fetched") == str(everything / "fetched" / "digits")
    assert (everything / "fetched" / "digits" / "model" / "weights.pt").read_bytes() == b"weights"
    (line,) = refused("model", "download", "-n", "digits", "-p", "fetched")
    assert line.endswith("digits exists already; remove it, or give another --download-path")


@pytest.mark.parametrize("noun", ["environment", "data", "datastore"])
def test_what_nobody_uses_is_deleted(done, refused, everything, noun):
    name = SHOW[noun][1]
    done(noun, "delete", "--name", name, "--yes")
    (line,) = refused(noun, "show", "--name", name)
    assert f"{name!r} is registered" in line


def test_yaml_and_json_of_a_result_say_the_same(run, done, everything):
    for noun, name in SHOW.items():
        written = run(noun, "show", *name, "-o", "yaml").stdout
        assert YAML(typ="safe").load(written) == done(noun, "show", *name)


NIGHTLY = """
name: nightly
trigger: {type: cron, expression: "0 6 * * 1-5", time_zone: W. Europe Standard Time}
create_job: {type: batch_endpoint, endpoint_name: mnist, inputs: {images: {type: uri_folder, path: data}}}
"""


def test_a_schedule_is_created_paused_shown_and_deleted(run, done, everything):
    (everything / "nightly.yml").write_text(NIGHTLY)
    created = done("schedule", "create", "--file", "nightly.yml")
    assert created["trigger"]["time_zone"] == "Europe/Berlin"
    assert created["create_job"]["input"] == str(everything / "data")
    assert created["is_enabled"]
    assert not done("schedule", "disable", "--name", "nightly")["is_enabled"]
    assert done("schedule", "list") == []
    assert [each["name"] for each in done("schedule", "list", "--include-disabled")] == ["nightly"]
    updated = done("schedule", "update", "-n", "nightly", "--set", "overlap=skip", "trigger.expression=0 7 * * *")
    assert (updated["overlap"], updated["trigger"]["expression"], updated["is_enabled"]) == ("skip", "0 7 * * *", False)
    run("schedule", "delete", "--name", "nightly", "--yes")
    assert done("schedule", "list", "--include-disabled") == []
