"""Where a gateway listens, with which certificate, and where not."""

import ipaddress
from dataclasses import dataclass
from pathlib import Path

from deployments.service.errors import UnusableError

PORT = 4281
RATE = "600/minute"


@dataclass(frozen=True)
class Listening:
    """Where a gateway listens, and how callers see that it is the right one.

    Attributes:
        certificate, key: PEM files for TLS; both or neither.
        insecure: listen beyond this machine without TLS.
        allowed: URLs below which callers may read and write.
        rate: how many requests a token may make, as in 600/minute.
    """

    host: str = "127.0.0.1"
    port: int = PORT
    certificate: Path | None = None
    key: Path | None = None
    insecure: bool = False
    allowed: tuple[str, ...] = ()
    rate: str = RATE

    def check(self) -> None:
        """Raises: UnusableError for what is unsafe or cannot be."""
        if (self.certificate is None) != (self.key is None):
            raise UnusableError("TLS takes a certificate and its key; give both --certificate and --key")
        for file in filter(None, (self.certificate, self.key)):
            if not file.is_file():
                raise UnusableError(f"{file} is no file; give a PEM file")
        if self.certificate is None and not self.insecure and not _is_loopback(self.host):
            raise UnusableError(
                f"{self.host} can be reached from other machines, and tokens would go there in plain text; give "
                "--certificate and --key, or --insecure where something before the gateway does TLS"
            )
        for url in self.allowed:
            if "://" not in url:
                raise UnusableError(f"--allow {url!r} is no URL; give one such as https://example.com/data")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
