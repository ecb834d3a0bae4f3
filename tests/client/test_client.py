"""The client takes objects and YAML alike, says the command line's sentences, and decides nothing itself."""

import logging
from pathlib import Path

import click
import pytest

from blocks.errors import NotRegistered
from blocks.store import MemoryStore
from deployments import Client, Compute, Deployment, Endpoint, Environment, JobInput, Model, Overrides, Settings
from deployments.cli.main import batchpoint
from deployments.declarations import DeclarationError
from deployments.service.errors import ConflictError
from deployments.service.registration import RecordingLauncher


@pytest.fixture
def sent(client: Client):
    """Sends a job; gives the parameters that reached the launcher."""

    def invoke(*args: object, **asked: object) -> dict[str, object]:
        client.batch_endpoints.invoke("words", *args, **asked)
        return client.batch_endpoints._system.launcher.sent[-1][0].parameters

    return invoke


def test_an_object_and_its_yaml_are_registered_alike(client: Client) -> None:
    registered = client.batch_deployments.show("first", "words")
    declared = Deployment(
        name="first",
        endpoint_name="words",
        model=Model(name="words", path="model"),
        code_configuration={"code": "code", "scoring_script": "score.py"},
        compute="azureml:batch-cluster",
        settings=Settings(mini_batch_size=1),
    )
    assert client.batch_deployments.create(declared) == registered


def test_a_path_in_yaml_begins_at_the_yaml_and_one_in_an_object_where_the_program_runs(
    client: Client, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "other").mkdir()
    monkeypatch.chdir(project / "other")
    assert client.batch_deployments.create("../deployment.yml").model == "azureml:words:1"
    (project / "other" / "mine.txt").write_text("mine")
    assert client.models.create(Model(name="words", path="mine.txt")).version == "2"


def test_what_is_shown_can_be_created_again_and_changes_nothing(client: Client) -> None:
    for noun, shown in (
        (client.batch_endpoints, client.batch_endpoints.show("words")),
        (client.batch_deployments, client.batch_deployments.show("first", "words")),
        (client.models, client.models.show("words")),
        (client.computes, client.computes.show("batch-cluster")),
        (client.datastores, client.datastores.show("workspaceblobstore")),
    ):
        assert noun.create(shown) == shown


def test_creating_an_endpoint_again_leaves_its_default(client: Client) -> None:
    assert client.batch_endpoints.create(Endpoint(name="words")).defaults.deployment_name == "first"


def test_changes_go_over_what_is_declared_and_none_takes_a_key_away(client: Client, project: Path) -> None:
    changes = {"name": "second", "settings.mini_batch_size": None, "code_configuration.code": project / "code"}
    created = client.batch_deployments.create("deployment.yml", changes)
    assert (created.name, created.settings.mini_batch_size) == ("second", 10)


def test_a_wrong_change_is_refused_in_the_command_lines_words(client: Client) -> None:
    with pytest.raises(DeclarationError, match=r"^changes: settings\.mini_batch_sise .*did you mean mini_batch_size\?"):
        client.batch_deployments.update("first", "words", {"settings.mini_batch_sise": 5})
    with pytest.raises(DeclarationError, match=r"^settings: .*error_threshold"):
        client.batch_endpoints.invoke("words", "texts", settings={"error_threshold": -2})
    with pytest.raises(NotRegistered, match="no endpoint 'wrods' is registered"):
        client.batch_endpoints.invoke("wrods", "texts")


def test_a_wrong_file_is_refused_with_its_line(client: Client, project: Path) -> None:
    (project / "model.yml").write_text("name: words\npaht: model\n")
    with pytest.raises(DeclarationError, match=r"model\.yml:2: paht is not a known key; did you mean path"):
        client.models.create("model.yml")


def test_what_someone_should_know_is_told(client: Client, told: list[str]) -> None:
    later = Environment(name="plain", requirements=["torch==2.13.0"])
    client.batch_deployments.create("deployment.yml", {"environment": later}, no_wait=True)
    assert "environment plain is built when the first job needs it" in told
    client.models.create(Model(name="words", path="model"))
    assert "has this content already" in told[-1]


def test_a_client_that_was_given_nobody_to_tell_logs_it(project: Path, caplog: pytest.LogCaptureFixture) -> None:
    Client(MemoryStore(), RecordingLauncher()).computes.create(Compute(name="lab"), {"size": "big"})
    assert [(each.name, each.levelno) for each in caplog.records] == [("deployments.client.client", logging.WARNING)]
    assert "size has no meaning here" in caplog.text


def test_a_job_is_sent_in_the_clients_words(client: Client, project: Path, sent) -> None:
    texts = str(project / "texts")
    assert sent(project / "texts") == {"input": texts, "deployment": "first"}
    assert sent(inputs={"letters": JobInput(type="uri_folder", path="texts")})["input"] == texts
    assert sent("texts", output_path="out")["output"] == str(project / "out")
    changed = sent("texts", literals={"top_k": 5}, settings={"compute.instance_count": 2, "mini_batch_size": 20})
    assert changed["settings"] == {"instance_count": 2, "mini_batch_size": 20, "literals": {"top_k": 5}}
    assert sent("texts", settings=Overrides(threads=2))["settings"] == {"threads": 2}


def test_one_idempotency_key_makes_one_job(client: Client) -> None:
    jobs = [client.batch_endpoints.invoke("words", "texts", idempotency_key="friday") for _ in range(2)]
    assert jobs[0].id == jobs[1].id


def test_deleting_what_is_in_use_is_refused(client: Client) -> None:
    with pytest.raises(ConflictError, match="is used by words/first"):
        client.models.delete("words")
    with pytest.raises(ConflictError, match="is used by words/first"):
        client.computes.delete("batch-cluster")
    client.batch_deployments.delete("first", "words")
    client.models.delete("words")
    client.batch_endpoints.delete("words")
    assert client.batch_endpoints.list() == []


def test_an_endpoint_says_where_a_post_starts_a_job(client: Client) -> None:
    assert client.batch_endpoints.scoring_uri("WORDS") == "recorded://words"


NOUNS = {
    "batch_endpoints": "batch-endpoint",
    "batch_deployments": "batch-deployment",
    "models": "model",
    "environments": "environment",
    "data": "data",
    "datastores": "datastore",
    "computes": "compute",
    "jobs": "job",
    "schedules": "schedule",
    "hooks": "hook",
}


def test_the_client_has_every_verb_of_the_command_line(client: Client) -> None:
    context = click.Context(batchpoint)
    assert set(NOUNS) == set(vars(client))
    for noun, group in NOUNS.items():
        verbs = {verb.replace("-", "_") for verb in batchpoint.get_command(context, group).list_commands(context)}
        assert verbs - set(dir(getattr(client, noun))) == set(), group
