"""What tables say of what was measured."""

from benchmarks import machine, table
from benchmarks.results import Case, Comparison, Growth, Objects, Peaks, Run, Scale
from benchmarks.server import Server
from deployments.embedded.home import Home

CASE = Case(script="noop", mini_batch_size=10)


def run(system, scoring, *, repeat=0, scaled_by=1.0):
    stages = {"start": 2, "scoring": scoring, "finish": 0.5, "gone": 9, "inside": 0.1, "ready_apart": 0}
    return Run(
        system=system, case=CASE, repeat=repeat, files=1000, mini_batches=100, scaled_by=scaled_by, busy=0, **stages
    )


def compared(*runs):
    names = dict.fromkeys(one.system for one in runs)
    peaks = [Peaks(system=name, case=CASE, job={"all": 5 * 10**8}, servers={}) for name in names]
    titles = {name: name.title() for name in names}
    return Comparison(
        machine=machine.describe(), files=1000, processes=2, servers_idle=1, titles=titles, runs=runs, peaks=peaks
    )


def test_figures_are_medians_with_the_least_and_the_most():
    result = compared(*[run("pool", seconds, repeat=at) for at, seconds in enumerate([1, 9, 2])], run("loop", 4))
    pool, loop = table.compare(result, CASE)
    assert pool["scoring"] == "2.00 (1.00 to 9.00)"
    assert pool["whole job"] == "4.50 (3.50 to 11.50)"
    assert pool["peak GB"] == "0.50"
    assert (pool["scoring / Pool"], loop["scoring / Pool"]) == ("1.00", "2.00")
    assert (pool["ms a mini-batch"], loop["ms a mini-batch"]) == ("20.00", "40.00")


def test_a_time_that_was_scaled_up_says_so_and_its_tax_is_that_of_what_was_run():
    pool, naive = table.compare(compared(run("pool", 1), run("naive", 50, scaled_by=10)), CASE)
    assert naive["scoring"] == "about 50.00 (50.00 to 50.00)"
    assert naive["whole job"].startswith("about 52.50")
    assert naive["ms a mini-batch"] == "50.00"
    assert "about" not in pool["scoring"]


def test_nothing_is_compared_with_a_pool_that_had_nothing_to_do():
    rows = table.compare(compared(run("pool", 0.001), run("loop", 4)), CASE)
    assert [row["scoring / Pool"] for row in rows] == ["", ""]


def test_tables_are_the_same_on_a_terminal_and_on_a_page():
    rows = table.compare(compared(run("pool", 1), run("loop", 4)), CASE)
    shown = table.on_terminal("Title", rows)
    page = table.on_page("Title", rows)
    assert [column.header for column in shown.columns] == list(rows[0])
    assert all(cell in page for row in rows for cell in row.values())


def test_growth_shows_memory_by_role_and_the_stages_of_the_summary():
    job = Growth(
        files=1_000_000,
        mini_batches=100_000,
        whole=61.5,
        tax=0.4,
        stages={"list": 3.25, "score": 40.0},
        task_runs=9,
        requests=57,
        memory={"flow": 150 * 10**6, "scoring": 30 * 10**6, "all": 1},
        busy=0,
    )
    result = Scale(machine=machine.describe(), processes=2, mini_batch_size=10, jobs=[job])
    (row,) = table.growth(result)
    assert (row["files"], row["flow, MB"], row["server, MB"]) == ("1,000,000", "150", "0")
    assert (row["task runs"], row["API calls"]) == ("9", "57")
    assert table.stages(result) == [{"files": "1,000,000", "list": "3.2", "score": "40.0"}]


def test_requests_are_counted_in_the_servers_log(tmp_path):
    log = Home(tmp_path).log("server")
    log.parent.mkdir()
    log.write_text(
        '14:35:22.896 | INFO | uvicorn.access - 127.0.0.1:5 - "POST /api/task_runs/ HTTP/1.1" 201\n'
        '14:35:22.897 | INFO | uvicorn.access - 127.0.0.1:5 - "GET /api/flow_runs/1 HTTP/1.1" 200\n'
        "14:35:22.898 | INFO | prefect.server.services.scheduler - Scheduled 0 runs.\n"
        '14:35:22.899 | INFO | uvicorn.access - 127.0.0.1:5 - "GET /dashboard HTTP/1.1" 200\n'
    )
    assert Server(Home(tmp_path)).count_requests() == 2


def test_scoring_objects_is_held_against_the_fetch_of_the_same_turn():
    timed = {"fetch": [10, 20, 40], "score": [11, 30, 44], "waited": [1, 2, 3]}
    result = Objects(machine=machine.describe(), objects=1000, bytes=330, processes=2, **timed)
    (row,) = table.objects(result)
    assert row["objects/s alone"] == "50"
    assert row["scoring / fetch"] == "1.10 (1.10 to 1.50)"
