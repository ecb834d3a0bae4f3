"""Reading what py-spy saw."""

from benchmarks.profiles import by_package, by_thread, stacks


def test_a_profile_counts_samples_by_kind_of_thread_and_by_package():
    raw = (
        "thread (1): Worker-1;run (threading.py:9);score (scoring/chunk.py:5);loads (json/decoder.py:3) 7\n"
        "thread (2): Worker-2;run (threading.py:9);score (scoring/chunk.py:8) 2\n"
        "thread (3): MainThread;main (flows/score.py:1) 4\n"
    )
    found = list(stacks(raw))
    assert by_thread(found) == {"Worker-": 9, "MainThread": 4}
    assert by_package(found, "Worker-") == {"json": 7, "scoring": 2}
