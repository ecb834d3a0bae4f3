"""What a job's flow waits for at its end."""

import asyncio
import threading
import time

from prefect._internal.concurrency.services import QueueService

from flows.logs import send_logs

over = threading.Event()


class Asking(QueueService[str]):
    """As Prefect's service that asks for instances is, while others have them all."""

    async def _handle(self, item: str) -> None:
        await asyncio.to_thread(over.wait)


def test_the_end_of_a_job_waits_for_its_log_and_not_for_what_else_prefect_is_about() -> None:
    asking = Asking.instance()
    asking.send("an instance")
    began = time.monotonic()
    try:
        send_logs(10)
        assert time.monotonic() - began < 5
    finally:
        over.set()
        asking.drain()
