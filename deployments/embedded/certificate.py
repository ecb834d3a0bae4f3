"""What Prefect's clients of the embedded server load where they would load every authority's certificate.

The server speaks plain HTTP on this machine's loopback, so none is ever looked at. Prefect loads all of certifi's for
each client that it makes, 20 ms of CPU each, and a job makes a dozen. An empty file is refused.
"""

import os
import ssl
from pathlib import Path

import certifi

from deployments.embedded.home import Home

END = "-----END CERTIFICATE-----\n"


def one_certificate(home: Home) -> Path:
    """A file with a single certificate, made unless it is there."""
    file = home.prefect / "one-certificate.pem"
    if not file.exists():
        half = file.with_suffix(f".{os.getpid()}")
        half.write_text(_first())
        half.replace(file)
    return file


def _first() -> str:
    """The first certificate that certifi has. Raises: ssl.SSLError when it is none."""
    text = Path(certifi.where()).read_text()
    first = text[text.index("-----BEGIN") : text.index(END) + len(END)]
    ssl.create_default_context(cadata=first)
    return first
