"""Getting small objects from S3 by signed URLs: the same request as s3fs makes, for a sixth of the CPU."""

import os
from typing import Any

import aiohttp
from botocore.utils import get_environ_proxies
from yarl import URL

from scoring.signed_urls import SignedUrls

SMALL = 1 << 20  # bytes; larger objects are better off with s3fs, which gets their pieces side by side
LEFT, OK, BUSY = 0, 200, 500  # HTTP statuses; the first is none
PATIENCE = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=60)


class SignedGet:
    """Copies objects of one S3 file system to files. Used in fsspec's event loop only.

    What does not come with the first try is left to s3fs, which knows about retries, regions and the reasons for
    refusals. Where it then gets what a signed URL was refused (behind a proxy, say), it is left all the rest too.
    """

    def __init__(self, fs: Any) -> None:
        self._fs = fs
        self._is_any_good = not fs.s3_additional_kwargs  # headers that a URL cannot carry, such as a customer's key
        self._urls = SignedUrls(fs)
        self._session: aiohttp.ClientSession | None = None

    async def get(self, path: str, target: str, size: int) -> None:
        """Copy the object at `path`, of `size` bytes, to a local file; raises what s3fs raises."""
        status = await self._get_signed(path, target) if self._is_any_good and size <= SMALL else LEFT
        if status == OK:
            return
        await self._fs._get_file(path, target)
        if OK < status < BUSY:  # refused, and not just lost or not served this time
            self._is_any_good = False

    async def _get_signed(self, path: str, target: str) -> int:
        """The HTTP status of getting it; LEFT when there was none."""
        try:
            url = await self._urls.of(path)
            async with self._open_session(url).get(url) as reply:
                if reply.status != OK:
                    return reply.status
                data = await reply.read()
        except (aiohttp.ClientError, TimeoutError):
            return LEFT
        _write(target, data)  # a thread would cost more than so small a write
        return OK

    def _open_session(self, url: URL) -> aiohttp.ClientSession:
        if self._session is None:
            # Once: with trust_env aiohttp looks for a proxy in a thread at each request, for a quarter of a job's CPU.
            proxy = get_environ_proxies(str(url)).get(url.scheme)
            self._session = aiohttp.ClientSession(timeout=PATIENCE, proxy=proxy, auto_decompress=False)
        return self._session

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()


def _write(target: str, data: bytes) -> None:
    """Make a file in half the time of Path.write_bytes(), which shows where objects are small."""
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
    try:
        left = memoryview(data)
        while left:
            left = left[os.write(descriptor, left) :]
    finally:
        os.close(descriptor)
