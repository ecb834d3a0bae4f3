"""Who may store for a job: the run of it that holds the newest lease.

A job can be running twice: somebody resumes it twice, or a machine that was given up for dead comes back. Each run
takes a lease, a file in the job's folder whose number is one above the last; the store makes sure that a number is
taken once. A run that finds a number above its own stores nothing more, neither parts nor facts nor the output.
"""

import json
import os
import socket
import uuid
from typing import Self

from scoring.errors import SupersededError
from scoring.storage import Folder

LEASES = "leases"


class Lease:
    """A run's right to store for a job, with its generation; 0 is a job that no run has taken a lease for."""

    def __init__(self, job: Folder, generation: int = 0) -> None:
        self.generation = generation
        self._leases = job.folder(LEASES)

    @classmethod
    def take(cls, job: Folder) -> Self:
        """The next lease, from now on the only one that counts.

        Raises: SupersededError when another run takes that one at the same moment.
        """
        taken = job.folder(LEASES).names()
        lease = cls(job, int(taken[-1]) + 1 if taken else 1)
        holder = {"host": socket.gethostname(), "process": os.getpid(), "token": uuid.uuid4().hex}
        try:
            lease._leases.create(_name(lease.generation), json.dumps(holder).encode())
        except FileExistsError:
            raise SupersededError(lease.generation - 1) from None
        return lease

    def check(self) -> None:
        """Raises: SupersededError when a newer lease was taken."""
        if self._leases.exists(_name(self.generation + 1)):
            raise SupersededError(self.generation)


def _name(generation: int) -> str:
    return f"{generation:09d}"
