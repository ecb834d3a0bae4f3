"""Scripts find what they import from Azure's packages, and each slot has a device of its own."""

import pytest

from scoring import launch
from scoring.launch import Launch, devices
from scoring.manifest import with_a_slot_for_each_device
from scoring.settings import Settings
from tests.scoring.test_process import PYTHONS

SCRIPT = "asks_what_azure_tells.py"


@pytest.mark.parametrize("version", dict.fromkeys([*list(PYTHONS)[:1], *list(PYTHONS)[-1:]]))
def test_a_script_runs_that_imports_what_azure_has(score_with, tmp_path, version):
    (tmp_path / "weights.pt").write_bytes(b"")
    outcome = score_with(SCRIPT, 1, model=tmp_path / "weights.pt", python=PYTHONS[version])
    assert outcome.rows.splitlines()[1].split()[::2] == ["process000", "weights.pt"]


def test_a_module_of_the_scripts_own_comes_before_azures(score_with, tmp_path):
    code = tmp_path / "code"
    (code / "azureml_user").mkdir(parents=True)
    (code / "azureml_user/__init__.py").touch()
    (code / "azureml_user/parallel_run.py").write_text("WHO = 'mine'\n")
    (code / "script.py").write_text("from azureml_user.parallel_run import WHO\ndef run(files): return [WHO]\n")
    assert score_with(code / "script.py", 1).rows.splitlines()[1] == "mine"


def a_launch(slot, **variables):
    return Launch(python="python", script="s.py", code="c", layout="csv", slot=slot, variables=variables)


def device_of(launched):
    return launched.environment("output").get("CUDA_VISIBLE_DEVICES")


def test_slots_take_the_machines_devices_in_turn(tmp_path, monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(launch, "DEVICES", str(tmp_path))
    assert device_of(a_launch(0)) is None
    for name in ("nvidia0", "nvidia3", "nvidiactl", "null"):
        (tmp_path / name).touch()
    assert [device_of(a_launch(slot)) for slot in range(3)] == ["0", "1", "0"]


def test_slots_take_those_devices_that_the_worker_may_use(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2, GPU-7a")
    assert devices() == ["2", "GPU-7a"]
    assert [device_of(a_launch(slot)) for slot in range(3)] == ["2", "GPU-7a", "2"]
    assert device_of(a_launch(1, CUDA_VISIBLE_DEVICES="5")) == "5"


@pytest.mark.parametrize(
    ("there", "instances", "said", "slots"),
    [
        ("0,1,2,3", 1, {}, 4),
        ("0,1,2,3", 2, {}, 2),
        ("0", 2, {}, 1),
        ("", 1, {}, 1),
        ("0,1", 1, {"max_concurrency_per_instance": 1}, 1),
        ("0,1", 1, {"environment_variables": {"CUDA_VISIBLE_DEVICES": "0,1"}}, 1),
    ],
)
def test_without_a_word_on_it_there_is_a_slot_for_each_device(monkeypatch, there, instances, said, slots):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", there)
    assert with_a_slot_for_each_device(Settings.model_validate(said), instances).processes == slots
