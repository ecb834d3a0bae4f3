"""What processes take of GPUs' memory, where NVIDIA's library is there to be asked; here a stand-in of it is."""

import sys

import pytest

from scoring.gpus import Gpus

LIBRARY = """
from collections import namedtuple
Running = namedtuple("Running", "pid usedGpuMemory")
RUNNING = [[Running(7, 100), Running(8, None), Running(9, 1000)], [Running(7, 30)]]
class NVMLError(Exception): pass
def nvmlInit():
    if not RUNNING: raise NVMLError("Driver Not Loaded")
def nvmlDeviceGetCount(): return len(RUNNING)
def nvmlDeviceGetHandleByIndex(at): return at
def nvmlDeviceGetComputeRunningProcesses(handle): return RUNNING[handle]
"""


@pytest.fixture
def library(tmp_path, monkeypatch):
    """Two GPUs with processes on them, as the library tells of them."""
    (tmp_path / "pynvml.py").write_text(LIBRARY)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "pynvml", raising=False)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    import pynvml

    yield pynvml
    del sys.modules["pynvml"]


def test_what_processes_take_is_summed_over_all_gpus(library):
    gpus = Gpus()
    assert gpus.memory_of([7, 8]) == 130
    assert gpus.memory_of([6]) == 0


def test_a_library_that_finds_no_driver_or_fails_later_tells_nothing(library, monkeypatch):
    def fail(handle):
        raise library.NVMLError("GPU is lost")

    gpus = Gpus()
    monkeypatch.setattr(library, "nvmlDeviceGetComputeRunningProcesses", fail)
    assert gpus.memory_of([7]) is None
    monkeypatch.setattr(library, "RUNNING", [])
    assert Gpus().memory_of([7]) is None


def test_nobody_is_asked_where_there_is_no_gpu(library, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert Gpus().memory_of([7]) is None
