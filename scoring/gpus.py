"""The machine's GPUs as NVIDIA's library tells of them, where there are any and it is installed."""

from collections.abc import Collection
from contextlib import suppress
from typing import Any

from scoring.launch import devices


class Gpus:
    """What processes take of all GPUs' memory."""

    def __init__(self) -> None:
        self._nvml: Any = None
        self._handles: list[Any] = []
        if devices():
            self._open()

    def _open(self) -> None:
        with suppress(ImportError):  # the extra `gpu` brings it
            import pynvml

            with suppress(pynvml.NVMLError):
                pynvml.nvmlInit()
                self._handles = [pynvml.nvmlDeviceGetHandleByIndex(at) for at in range(pynvml.nvmlDeviceGetCount())]
                self._nvml = pynvml

    def memory_of(self, pids: Collection[int]) -> int | None:
        """Bytes that some processes take together; None where no GPU can be asked."""
        if self._nvml is None:
            return None
        try:
            told = [one for handle in self._handles for one in self._nvml.nvmlDeviceGetComputeRunningProcesses(handle)]
        except self._nvml.NVMLError:
            return None
        return sum(one.usedGpuMemory or 0 for one in told if one.pid in pids)
