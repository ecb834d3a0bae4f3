"""A device without memory is a failure of its own name, after which a new process begins with all of the device."""

import subprocess
import sys
from importlib.util import find_spec

import pytest

from scoring import device_memory
from scoring.facts import Fault
from tests.scoring.conftest import line_of

SCRIPT = "runs_out_of_device_memory.py"
RAISED = """
import json, sys
def told(error): return {"class": type(error).__name__, "bases": [base.__name__ for base in type(error).__mro__[1:]]}
if sys.argv[1] == "torch":
    import torch
    error = torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
elif sys.argv[1] == "tensorflow":
    import tensorflow
    error = tensorflow.errors.ResourceExhaustedError(None, None, "failed to allocate memory [Op:MatMul]")
else:
    from onnxruntime.capi.onnxruntime_pybind11_state import RuntimeException
    error = RuntimeException("[ONNXRuntimeError] : bfc_arena.cc:376 Failed to allocate memory for requested buffer")
print(json.dumps({**told(error), "message": str(error), "where": None, "traceback": ""}))
"""


@pytest.mark.parametrize("raises", ["torch", "tensorflow", "runtime"])
def test_files_that_do_not_fit_together_are_scored_apart_by_new_processes(score_with, raises):
    outcome = score_with(SCRIPT, 2, size=2, variables={"RAISES": raises})
    assert outcome.counts == (2, 0, 0, 0)
    first, second = outcome.rows.splitlines()[1:]
    assert first == second  # one process scored both, after the one that ran out was ended


def test_a_mini_batch_that_does_not_fit_says_so_and_what_to_do(score_with, caplog):
    caplog.set_level("INFO")
    outcome = score_with(SCRIPT, 2, size=2, isolate_failures=False, max_retries=1)
    assert {failed["error"] for failed in outcome.failures} == {"device_memory"}
    assert outcome.failures[0]["message"].startswith("the device has no memory left for this mini-batch; lower mini_")
    assert outcome.failures[0]["where"] == f"{SCRIPT}:{line_of(SCRIPT)} in run"
    assert len({record.message.rpartition(" ")[2] for record in caplog.records if "process" in record.message}) == 2


def test_memory_of_the_machine_is_not_a_devices(score_with):
    outcome = score_with(SCRIPT, 2, size=2, isolate_failures=False, variables={"RAISES": "on the CPU"})
    assert {failed["error"] for failed in outcome.failures} == {"ResourceExhaustedError"}


def test_retry_on_knows_it_by_its_name_and_by_the_class_that_was_raised():
    raised = Fault(error="OutOfMemoryError", message="CUDA out of memory", bases=("RuntimeError", "Exception"))
    assert device_memory.named(raised).names >= {"device_memory", "OutOfMemoryError", "RuntimeError"}


@pytest.mark.slow
@pytest.mark.parametrize("framework", ["torch", "tensorflow", "onnxruntime"])
def test_the_frameworks_own_exceptions_are_known(framework):
    if find_spec(framework) is None:
        pytest.skip(f"{framework} is not installed")
    command = [sys.executable, "-W", "ignore", "-c", RAISED, framework]
    told = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout.splitlines()[-1]
    assert device_memory.named(Fault.model_validate_json(told.replace('"class"', '"error"'))).error == "device_memory"
