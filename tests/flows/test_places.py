"""Places of slots on a cluster, from what its scheduler says alone."""

from flows.places import DaskWorker, Places

A, B = DaskWorker("tcp://a:1", "a", threads=1), DaskWorker("tcp://b:1", "b", threads=2)


def known(*workers: DaskWorker) -> dict[str, DaskWorker]:
    return {worker.address: worker for worker in workers}


def test_slots_go_where_most_threads_are_left() -> None:
    _, found = Places(3).settle(known(A, B))
    assert [place.worker for place in found] == [B, B, A] or [place.worker for place in found] == [B, A, B]
    assert [place.slot for place in found] == [0, 1, 2]


def test_a_cluster_with_more_threads_than_slots_gives_a_place_to_each_slot_and_no_more() -> None:
    places = Places(1)
    _, found = places.settle(known(A, B))
    assert len(found) == 1
    assert places.take() == found[0]
    assert places.take() is None


def test_a_slot_without_a_place_gets_one_when_a_dask_worker_comes() -> None:
    places = Places(2)
    places.settle(known(A))
    lost, found = places.settle(known(A, B))
    assert (lost, [(place.slot, place.worker) for place in found]) == ([], [(1, B)])


def test_a_place_is_free_again_once_given_back() -> None:
    places = Places(1)
    places.settle(known(A))
    first = places.take()
    assert first is not None
    places.give_back(first)
    assert places.take() == first


def test_another_process_at_the_address_of_a_dead_dask_worker_is_another_place() -> None:
    places = Places(1)
    places.settle(known(A))
    first = places.take()
    again = DaskWorker(A.address, "another", threads=1)
    lost, found = places.settle(known(again))
    assert lost == [first]
    assert [place.worker for place in found] == [again]
    assert places.take() == found[0], "a place that was lost while something ran there must not stay taken"
