"""As much of S3 as listing and getting take: a server on loopback that gives out pages in an order of its own."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote, quote_plus, unquote, urlsplit

PAGE = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
    "<Name>data</Name><EncodingType>url</EncodingType>{contents}<IsTruncated>{more}</IsTruncated>{token}"
    "</ListBucketResult>"
)
CONTENTS = "<Contents><Key>{key}</Key><ETag>&quot;{etag}&quot;</ETag><Size>{size}</Size></Contents>"


class SmallS3(ThreadingHTTPServer):
    """Has one bucket, whose keys are listed in the order of the mapping, `page` at a time."""

    request_queue_size = 128
    daemon_threads = True

    def __init__(self, objects: dict[str, bytes], page: int, takes_signed_urls: bool) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.objects, self.page, self.takes_signed_urls = objects, page, takes_signed_urls
        self.signed_urls = self.signed_headers = self.pages = 0


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: SmallS3

    def log_message(self, *_):
        pass

    def do_GET(self):
        asked = urlsplit(self.path)
        query = parse_qs(asked.query)
        key = unquote(asked.path).removeprefix("/data").removeprefix("/")
        if not key:
            return self.reply(200, self.list(query))
        if "Signature" in query or "X-Amz-Signature" in query:
            self.server.signed_urls += 1
            if not self.server.takes_signed_urls:
                return self.reply(403, b"")
        else:
            self.server.signed_headers += 1
        found = self.server.objects.get(key)
        return self.reply(404, b"") if found is None else self.reply(200, found)

    def do_HEAD(self):
        self.send_response(404)
        self.end_headers()

    def list(self, query):
        self.server.pages += 1
        prefix = query.get("prefix", [""])[0]
        keys = [key for key in self.server.objects if key.startswith(prefix)]
        start = int(query.get("continuation-token", ["0"])[0])
        end = start + min(self.server.page, int(query.get("max-keys", ["1000"])[0]))
        contents = (
            CONTENTS.format(key=quote_plus(key, safe="/"), etag=quote(key, safe=""), size=len(self.server.objects[key]))
            for key in keys[start:end]
        )
        more = end < len(keys)
        token = f"<NextContinuationToken>{end}</NextContinuationToken>" if more else ""
        return PAGE.format(contents="".join(contents), more=str(more).lower(), token=token).encode()

    def reply(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def small_s3(
    monkeypatch, objects: dict[str, bytes], *, page: int = 1000, takes_signed_urls: bool = True
) -> Iterator[SmallS3]:
    """Serve objects in the bucket `data`; fsspec's s3:// goes there meanwhile."""
    server = SmallS3(objects, page, takes_signed_urls)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    told = {"ACCESS_KEY_ID": "K", "SECRET_ACCESS_KEY": "S", "DEFAULT_REGION": "us-east-1"}
    for name, value in {**told, "ENDPOINT_URL_S3": f"http://127.0.0.1:{server.server_port}"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
