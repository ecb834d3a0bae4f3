"""Ray Data: map_batches with a pool of actors that hold the model."""

from typing import Any

import pandas as pd
import ray

from benchmarks.peers.peer import Write, ready
from benchmarks.work import Work

BLOCKS_PER_ACTOR = 10
"""Fewer leave an actor idle at the end, more cost time of their own; what is best was not measured."""


class Scorer:
    """An actor: the model is loaded once, then batches come."""

    def __init__(self, code: str) -> None:
        self.script = ready(code)

    def __call__(self, batch: dict[str, Any]) -> Any:
        """What run() returns for a mini-batch, as Ray Data wants it: a DataFrame or a dict of columns."""
        rows = self.script.run(batch["item"].tolist())
        return rows if isinstance(rows, pd.DataFrame) else {"prediction": rows}


def score(work: Work, write: Write) -> None:
    """Blocks hold whole mini-batches, so that Ray cuts the same ones as the others do."""
    ray.init(num_cpus=work.processes, include_dashboard=False, log_to_driver=False, _node_ip_address="127.0.0.1")
    ray.data.DataContext.get_current().enable_progress_bars = False
    paths = [path for mini_batch in work.list_mini_batches() for path in mini_batch]
    scored = ray.data.from_items(paths, override_num_blocks=_blocks(work)).map_batches(
        Scorer,
        fn_constructor_args=(str(work.code),),
        batch_size=work.mini_batch_size,
        compute=ray.data.ActorPoolStrategy(size=work.processes),
    )
    write([scored.to_pandas()])
    ray.shutdown()


def _blocks(work: Work) -> int:
    """At most BLOCKS_PER_ACTOR, in number a divisor of the mini-batches: blocks are all of one size."""
    most = BLOCKS_PER_ACTOR * work.processes
    return max(blocks for blocks in range(1, most + 1) if work.mini_batches % blocks == 0)
