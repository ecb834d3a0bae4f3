"""Which Dask worker each slot of a job is at, on a cluster of other processes that others may use too."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class DaskWorker:
    """A Dask worker as its scheduler knows it; another process at the same address has another id."""

    address: str
    id: str
    threads: int


@dataclass(frozen=True)
class Place:
    """One thread of a Dask worker, where one slot of a job is."""

    slot: int
    worker: DaskWorker


class Places:
    """A place for each slot, as far as the cluster has them. A slot keeps its place while its Dask worker lives.

    So a job never has more scoring processes than slots: one that is idle waits where its slot's next chunk comes.
    """

    def __init__(self, slots: int) -> None:
        self._places: list[Place | None] = [None] * slots
        self._busy: set[int] = set()

    def settle(self, workers: Mapping[str, DaskWorker]) -> tuple[list[Place], list[Place]]:
        """Give up places whose Dask worker is gone, and find places for slots that have none.

        Args:
            workers: those that there are now, by address.
        Returns: the places lost, and those found: at the Dask workers with most threads left.
        """
        lost = [place for place in self._places if place and workers.get(place.worker.address) != place.worker]
        for place in lost:
            self._places[place.slot] = None
            self._busy.discard(place.slot)
        left = Counter({worker: worker.threads for worker in workers.values()})
        left.subtract(place.worker for place in self._places if place)
        found: list[Place] = []
        for slot in [slot for slot, place in enumerate(self._places) if place is None]:
            if left and (best := left.most_common(1)[0])[1] > 0:
                left[best[0]] -= 1
                found.append(Place(slot, best[0]))
                self._places[slot] = found[-1]
        return lost, found

    def take(self) -> Place | None:
        """A place where nothing runs, which is then taken; None when there is none."""
        for slot, place in enumerate(self._places):
            if place is not None and slot not in self._busy:
                self._busy.add(slot)
                return place
        return None

    def give_back(self, place: Place) -> None:
        """Something else may run there now."""
        if self._places[place.slot] == place:
            self._busy.discard(place.slot)
