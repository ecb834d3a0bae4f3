"""Signed URLs of objects on S3: what a client works out anew for each, where and how, is worked out once."""

import hashlib
import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from botocore.auth import BaseSigner
from botocore.awsrequest import AWSRequest
from yarl import URL

SECONDS_SIGNED = 600
SECONDS_KEPT = 60.0  # until credentials that come and go are asked for again
SAFE = "/~"  # in a key; botocore's own choice for S3
VERSION_4 = "AWS4-HMAC-SHA256"

Sign = Callable[[str], str]
"""From an object's key, quoted, to a URL that gets the object."""


@dataclass(frozen=True)
class _Signer:
    """Who signs for a bucket, until when (seconds on the monotonic clock)."""

    sign: Sign
    until: float


class SignedUrls:
    """Signs URLs to get objects of one of s3fs's file systems. Used in fsspec's event loop only."""

    def __init__(self, fs: Any) -> None:
        self._fs = fs
        self._signers: dict[str, _Signer] = {}

    async def of(self, path: str) -> URL:
        """A URL that gets the object at `path`, as its file system spells it."""
        bucket, key, _ = self._fs.split_path(path)
        signer = self._signers.get(bucket)
        if signer is not None and time.monotonic() < signer.until:
            return URL(signer.sign(quote(key, safe=SAFE)), encoded=True)
        await self._fs.set_session()
        client = await self._fs.get_s3(bucket)
        asked = {"Bucket": bucket, "Key": key, **self._fs.req_kw}
        url = URL(await client.generate_presigned_url("get_object", asked, SECONDS_SIGNED), encoded=True)
        sign = None if self._fs.req_kw else await _sign_like(client, url, bucket, quote(key, safe=SAFE))
        if sign is not None:
            self._signers[bucket] = _Signer(sign, time.monotonic() + SECONDS_KEPT)
        return url


async def _sign_like(client: Any, url: URL, bucket: str, key: str) -> Sign | None:
    """What signs the bucket's objects as the client signed this URL; None when it did so in no way known here.

    Args:
        client: of botocore.
        url: of one object, signed.
        bucket: by its name.
        key: of that object, quoted.
    """
    bare = str(url.with_query(None))
    if not bare.endswith(key):
        return None
    base = bare.removesuffix(key)
    if url.query.get("X-Amz-Algorithm") == VERSION_4:
        sign = await _version_4(client, url, base)
        return sign if sign(key) == str(url) else None
    return await _version_2(client, base, bucket) if "AWSAccessKeyId" in url.query else None


async def _version_4(client: Any, url: URL, base: str) -> Sign:
    """Version 4 in a tenth of botocore's time: of all that is signed, objects differ in their keys alone.

    Source: "Authenticating Requests: Using Query Parameters (AWS Signature Version 4)", Amazon S3 API Reference.
    """
    query = url.raw_query_string.rpartition("&X-Amz-Signature=")[0]
    stamp, scope = url.query["X-Amz-Date"], url.query["X-Amz-Credential"].partition("/")[2]
    _, region, service, _ = scope.split("/")
    auth = await client._request_signer.get_auth_instance(service, region, "s3v4-query", expires=SECONDS_SIGNED)
    signing_key = f"AWS4{auth.credentials.secret_key}".encode()
    for part in scope.split("/"):
        signing_key = hmac.digest(signing_key, part.encode(), "sha256")
    before = f"GET\n{URL(base, encoded=True).raw_path}"
    host = url.raw_authority.rpartition("@")[2]
    after = f"\n{'&'.join(sorted(query.split('&')))}\nhost:{host}\n\nhost\nUNSIGNED-PAYLOAD"

    def sign(key: str) -> str:
        request = hashlib.sha256(f"{before}{key}{after}".encode()).hexdigest()
        text = f"{VERSION_4}\n{stamp}\n{scope}\n{request}".encode()
        return f"{base}{key}?{query}&X-Amz-Signature={hmac.digest(signing_key, text, 'sha256').hex()}"

    return sign


async def _version_2(client: Any, base: str, bucket: str) -> Sign:
    """The older version is about bucket and key, wherever the URL has the bucket."""
    auth = await client._request_signer.get_auth_instance(
        "s3", client.meta.region_name, "s3-query", expires=SECONDS_SIGNED
    )
    assert isinstance(auth, BaseSigner)

    def sign(key: str) -> str:
        request = AWSRequest("GET", f"{base}{key}", auth_path=f"/{bucket}/{key}")
        auth.add_auth(request)
        return str(request.url)

    return sign
