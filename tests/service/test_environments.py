"""Environments are registered in versions that never change, and go with their deployments."""

from datetime import timedelta

import pytest

from blocks.errors import NotRegistered, UnclearReference
from blocks.recipes import recipe_of
from blocks.specs import Deployment, Environment
from deployments.service import assets, deployments, environments
from deployments.service.errors import ConflictError
from scoring.environments import built
from scoring.environments.errors import InstallerMissingError
from scoring.environments.use import Use
from tests.conda import stand_in


def torch(**changes):
    conda = {"dependencies": ["python=3.11", {"pip": ["torch==2.13.0"]}]}
    return Environment.model_validate({"name": "torch", "image": "ubuntu:24.04", "conda_file": conda} | changes)


def test_other_content_is_the_next_version_and_the_same_is_found_and_said(store):
    said = []
    versions = [environments.create(store, each, said.append).version for each in (torch(), torch(image="x"), torch())]
    assert versions == ["1", "2", "3"]
    assert environments.create(store, torch(), said.append).version == "3"
    assert said == [
        "environment 'torch' version 3 has the same content as version 1",
        "environment 'torch' has this content already, as version 3: nothing was added",
    ]


def test_a_version_never_changes_but_how_it_is_described_does(store):
    environments.create(store, torch(version="1"))
    with pytest.raises(ConflictError, match="environment 'torch' has a version '1' with other content"):
        environments.create(store, torch(version="1", image="debian:12"))
    assert environments.create(store, torch(version="1", description="for digits")).description == "for digits"
    assert store.get(Environment, "torch", "1").image == "ubuntu:24.04"


def test_a_deployment_may_declare_its_environment_which_the_first_job_builds(ready, launcher, declared):
    said = []
    inline = torch(name="mnist-torch").model_dump()
    registered = deployments.create(ready, launcher, declared(environment=inline), tell=said.append)
    assert registered.environment == "azureml:mnist-torch:1"
    assert ready.get(Environment, "mnist-torch", "1").conda_file.dependencies[0] == "python=3.11"
    assert said == ["environment mnist-torch is built when the first job needs it"]


def test_creating_the_deployment_again_registers_no_second_environment(ready, launcher, declared):
    for _ in range(2):
        deployments.create(ready, launcher, declared(environment=torch().model_dump()))
    assert [each.version for each in ready.list(Environment)] == ["1"]


def test_the_newest_environment_is_pinned_when_the_deployment_is_made(ready, launcher, declared):
    environments.create(ready, torch())
    registered = deployments.create(ready, launcher, declared(environment="azureml:torch@latest"))
    environments.create(ready, torch(image="debian:12"))
    assert registered.environment == ready.get(Deployment, "mnist", "torch").environment == "azureml:torch:1"


@pytest.mark.parametrize(
    ("reference", "error", "said"),
    [
        ("azureml:torch:1", NotRegistered, "no environment 'torch' is registered; there is none"),
        ("azureml:AzureML-pytorch:7", UnclearReference, "is curated by Azure"),
        ("torch", UnclearReference, "names no version of an environment; write azureml:NAME:VERSION"),
    ],
)
def test_an_environment_that_is_not_there_keeps_the_deployment_out(ready, launcher, declared, reference, error, said):
    with pytest.raises(error, match=said):
        deployments.create(ready, launcher, declared(environment=reference))
    assert ready.list(Deployment) == []


def test_an_environment_that_a_deployment_uses_is_not_deleted(ready, launcher, declared):
    deployments.create(ready, launcher, declared(environment=torch().model_dump()))
    with pytest.raises(ConflictError, match="environment 'torch' version '1' is used by mnist/torch"):
        environments.delete(ready, "torch")
    deployments.delete(ready, launcher, "mnist", "torch")
    environments.delete(ready, "torch")
    assert ready.list(Environment) == []


def test_a_failing_prefect_takes_an_inline_environment_back(ready, launcher, declared, monkeypatch):
    def fail(wanted):
        raise ConnectionError("no server")

    monkeypatch.setattr(launcher, "register", fail)
    with pytest.raises(ConnectionError):
        deployments.create(ready, launcher, declared(environment=torch().model_dump()))
    assert ready.list(Environment) == []


def test_what_is_archived_is_out_of_lists_until_it_is_restored(store):
    for image in ("a", "b"):
        environments.create(store, torch(image=image))
    assets.archive(store, Environment, "TORCH", "2")
    assert [each.version for each in assets.list_all(store, Environment)] == ["1"]
    assert [each.version for each in assets.list_all(store, Environment, "archived")] == ["2"]
    assert [each.version for each in assets.list_versions(store, Environment, "torch")] == ["1", "2"]
    assert assets.show(store, Environment, "torch").version == "1"
    assets.archive(store, Environment, "torch", archived=False)
    assert assets.show(store, Environment, "torch").version == "2"


def test_numbers_of_archived_versions_are_not_given_again(store):
    environments.create(store, torch())
    assets.archive(store, Environment, "torch")
    assert environments.create(store, torch()).version == "2"


def test_what_is_not_there_cannot_be_archived(store):
    environments.create(store, torch())
    with pytest.raises(NotRegistered, match="environment 'torch' has no version '9'; it has '1'"):
        assets.archive(store, Environment, "torch", "9")
    with pytest.raises(NotRegistered, match="no environment 'keras' is registered; there is 'torch'"):
        assets.archive(store, Environment, "keras")


def sums(version="1.11"):
    return Environment.model_validate({"name": "sums", "conda_file": {"dependencies": [f"scipy={version}"]}})


def test_an_environment_that_cannot_be_built_keeps_the_deployment_out(ready, launcher, declared, monkeypatch):
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    with pytest.raises(InstallerMissingError, match="can only be installed by conda"):
        deployments.create(ready, launcher, declared(environment=sums().model_dump()), build=True)
    assert ready.list(Deployment) == ready.list(Environment) == []


def test_a_deployment_has_its_environment_built_and_one_that_lists_the_same_finds_it(
    ready, launcher, declared, tmp_path, monkeypatch
):
    calls, said = stand_in(tmp_path, monkeypatch), []
    for name in ("first", "second"):
        deployments.create(ready, launcher, declared(name, environment=sums().model_dump()), build=True)
    assert len(calls.read_text().splitlines()) == 1
    later = declared("third", environment=sums().model_dump())
    deployments.create(ready, launcher, later, build=False, tell=said.append)
    assert said == []


def test_what_is_left_out_is_said(store):
    said = []
    listed = Environment(name="azure", requirements=["azureml-core", "torch", "azureml-defaults==1.5"])
    environments.create(store, listed, said.append)
    assert said == ["azureml-core, azureml-defaults: of use in Azure only, and not installed"]


def test_prune_removes_what_no_deployment_and_no_job_needs_longest_unused_first(
    ready, launcher, declared, tmp_path, monkeypatch
):
    stand_in(tmp_path, monkeypatch)
    deployments.create(ready, launcher, declared(environment=sums().model_dump()), build=True)
    old, new, running = (sums(version) for version in ("1.8", "1.9", "1.10"))
    for each in (old, new):
        environments.prepare(each)
    said = []
    with Use.open(recipe_of(running), "of a job"):
        assert environments.prune(ready, unused=timedelta(days=1)) == []
        total = sum(each.bytes for each in built.read_all())
        (first,) = environments.prune(ready, keep=total - 1)
        assert first.recipe == recipe_of(old)
        (second,) = environments.prune(ready, tell=said.append)
        assert second.recipe == recipe_of(new)
    assert said[0].startswith("of a job in ")
    assert [each.recipe for each in environments.prune(ready)] == [recipe_of(running)]
    assert [each.recipe for each in built.read_all()] == [recipe_of(sums())]
