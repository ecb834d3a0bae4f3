"""Prefect's process worker, which asks for flow runs while it has a place for one, and for no more than it can take."""

import time
from abc import ABC
from datetime import UTC, datetime, timedelta

from prefect.client.schemas.responses import WorkerFlowRunResponse
from prefect.workers.process import ProcessWorker

SIGN_SECONDS = 20.0
"""So often it asks all the same: Prefect takes a queue for not ready that nobody asked for a minute."""


class FrugalWorker(ProcessWorker, ABC):  # ABC keeps it out of Prefect's register of types, where it would replace one
    """Asks no more than it needs to.

    Prefect's own asks at each poll for every flow run that waits, up to 200, whole, also when all its places are taken.
    With many waiting that was most of what the server did.
    """

    _asked = 0.0

    @property
    def is_full(self) -> bool:
        """Whether it could take no flow run now."""
        return self.limiter.available_tokens < 1

    async def poll(self) -> None:
        """Take flow runs that are due, as far as there are places."""
        if self.is_full and time.monotonic() - self._asked < SIGN_SECONDS:
            return
        self._asked = time.monotonic()
        await self.get_and_submit_flow_runs()

    async def _get_scheduled_flow_runs(self) -> list[WorkerFlowRunResponse]:
        """Those that it takes up just now may be among the answer."""
        most = 2 * int(self.limiter.total_tokens)
        due = datetime.now(UTC) + timedelta(seconds=self._prefetch_seconds)
        answer = await self.client.request(
            "POST",
            "/work_pools/{name}/get_scheduled_flow_runs",
            path_params={"name": self._work_pool_name},
            json={"scheduled_before": due.isoformat(), "limit": most},
        )
        return [WorkerFlowRunResponse.model_validate(each) for each in answer.json()]
