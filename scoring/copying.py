"""Copying one file from a store to this machine: in fsspec's event loop, or in a thread where the store has none."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any, Protocol


class Copier(Protocol):
    """Copies files of one store; used in fsspec's event loop."""

    async def get(self, path: str, target: str, size: int) -> None:
        """Copy the file at `path`, of some `size` in bytes, to a local one; raises what fsspec raises."""
        ...

    async def close(self) -> None:
        """Give back what it holds."""
        ...


def copier_of(fs: Any, after_thread: Callable[[], None]) -> Copier:
    """What copies files of a file system best.

    Args:
        fs: any of fsspec's.
        after_thread: is called when a thread has copied a file, also if nobody waited for it any more.
    """
    if hasattr(fs, "call_s3"):
        from scoring.signed_get import SignedGet  # with an HTTP client that other jobs need not wait for

        return SignedGet(fs)
    return _InLoop(fs) if fs.async_impl else _InThreads(fs, after_thread)


class _InLoop:
    def __init__(self, fs: Any) -> None:
        self._fs = fs

    async def get(self, path: str, target: str, size: int) -> None:  # noqa: ARG002
        await self._fs._get_file(path, target)

    async def close(self) -> None:
        return


class _InThreads:
    """Daemon threads: a store that never answers must not keep this process from ending."""

    def __init__(self, fs: Any, afterwards: Callable[[], None]) -> None:
        self._fs, self._afterwards = fs, afterwards

    async def get(self, path: str, target: str, size: int) -> None:  # noqa: ARG002
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()

        def settle(error: Exception | None) -> None:
            if done.cancelled():
                return
            if error is None:
                done.set_result(None)
            else:
                done.set_exception(error)

        def work() -> None:
            error = None
            try:
                self._fs.get_file(path, target)
            except Exception as raised:  # noqa: BLE001 - whatever it is, it is told to who waits
                error = raised
            self._afterwards()
            loop.call_soon_threadsafe(settle, error)

        threading.Thread(target=work, name="fetch", daemon=True).start()
        await done

    async def close(self) -> None:
        return
