"""Signed URLs of objects on S3: what a client works out anew for each, where and how, is worked out once."""

import time
from dataclasses import dataclass
from typing import Any

from botocore.auth import BaseSigner
from botocore.awsrequest import AWSRequest
from botocore.utils import percent_encode
from yarl import URL

SECONDS_SIGNED = 600
SECONDS_KEPT = 60.0  # until credentials that come and go are asked for again
SAFE = "/~"  # in a key; botocore's own choice for S3


@dataclass(frozen=True)
class _Signer:
    """How objects of a bucket are addressed, and who signs.

    Attributes:
        base: what precedes an object's key.
        bucket: by its name; the older of S3's signatures is about it and the key, wherever the URL has the bucket.
        auth: puts a signature into a URL.
        until: seconds on the monotonic clock.
    """

    base: str
    bucket: str
    auth: BaseSigner
    until: float

    def url(self, key: str) -> str:
        quoted = percent_encode(key, safe=SAFE)
        request = AWSRequest("GET", f"{self.base}{quoted}", auth_path=f"/{self.bucket}/{quoted}")
        self.auth.add_auth(request)
        return str(request.url)


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
            return URL(signer.url(key), encoded=True)
        await self._fs.set_session()
        client = await self._fs.get_s3(bucket)
        asked = {"Bucket": bucket, "Key": key, **self._fs.req_kw}
        url = URL(await client.generate_presigned_url("get_object", asked, SECONDS_SIGNED), encoded=True)
        bare, quoted = str(url.with_query(None)), percent_encode(key, safe=SAFE)
        auth = None if self._fs.req_kw else await _auth_of(client, url)
        if auth is not None and bare.endswith(quoted):
            base = bare.removesuffix(quoted)
            self._signers[bucket] = _Signer(base, bucket, auth, time.monotonic() + SECONDS_KEPT)
        return url


async def _auth_of(client: Any, url: URL) -> BaseSigner | None:
    """What signs as this client signed this URL; None when it did so in no way that is known here, or not at all."""
    if url.query.get("X-Amz-Algorithm") == "AWS4-HMAC-SHA256":
        _, _, region, service, _ = url.query["X-Amz-Credential"].rsplit("/", 4)
        version = "s3v4-query"
    elif "AWSAccessKeyId" in url.query:
        region, service, version = client.meta.region_name, "s3", "s3-query"
    else:
        return None
    auth = await client._request_signer.get_auth_instance(service, region, version, expires=SECONDS_SIGNED)
    assert isinstance(auth, BaseSigner)
    return auth
