"""What can go wrong with a job beyond its script."""


class JobRefusedError(Exception):
    """What was asked for cannot be done; the text says what is wrong and what to type."""


class TurnSkippedError(Exception):
    """A scheduled job is left out because the one before still runs."""


class DaskWorkerLostError(Exception):
    """A task run has no outcome: the Dask workers that ran it died, or Dask forgot it."""


class DaskSchedulerLostError(Exception):
    """The connection to a Dask scheduler was lost, and did not come back."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.address = address

    def __str__(self) -> str:
        return f"the Dask scheduler at {self.address} is gone; resume the job when there is one again"
