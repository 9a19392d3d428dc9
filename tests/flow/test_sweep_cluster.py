"""A sweep on a real Dask cluster: the rows of this machine byte for byte, one worker lost on the way."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.helpers.dask_cluster import DaskCluster
from tests.helpers.sweeps import PROBE, DirectWorkers, loop_of, probe_job
from workstation.app.sweep_cluster import ClusterWorkers
from workstation.backtest.sweep_job import encoded
from workstation.domain.errors import UserError
from workstation.ports.sweeps import Terms

TERMS = Terms(entry_point="probe:Probe", axes={"back": list(range(1, 21))})
LOST = PROBE.replace(
    "        self.seen = []\n",
    "        self.seen = []\n"
    "        import os, pathlib, signal\n"
    "        mark = pathlib.Path('lost-a-worker')\n"
    "        if self.parameters.back == 11 and not mark.exists():\n"
    "            mark.touch()\n"
    "            os.kill(os.getpid(), signal.SIGKILL)\n",
)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[DaskCluster]:
    made = DaskCluster(tmp_path)
    yield made
    made.close()


def test_rows_are_those_of_this_machine_though_a_worker_is_lost(
    cluster: DaskCluster, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    plain = probe_job()
    here = loop_of(TERMS, plain)
    here.run(DirectWorkers(plain), lambda _trial: None)
    deadly = msgspec.structs.replace(plain, source=LOST, code_hash="e" * 64)
    there = loop_of(TERMS, deadly)
    workers = ClusterWorkers(encoded(deadly), address=cluster.address, stop=threading.Event())
    [holders] = workers._client.who_has([workers._data]).values()
    assert len(holders) == 2, "the job is at each worker before a task is"
    try:
        assert there.run(workers, lambda _trial: None)
        curve = there.join(workers)
    finally:
        workers.close()
    assert all("rescheduling" in line.message for line in caplog.records)
    assert (tmp_path / "lost-a-worker").exists()
    assert cluster.alive() == 1
    encode = msgspec.json.encode
    assert [encode(there.trials[key]) for key in sorted(there.trials)] == [
        encode(here.trials[key]) for key in sorted(here.trials)
    ]
    assert curve == here.join(DirectWorkers(plain))


def test_where_no_scheduler_answers_one_line_says_so() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{bound.getsockname()[1]}"
        with pytest.raises(UserError, match=f"no Dask scheduler answers at {address}"):
            ClusterWorkers(b"", address=address, stop=threading.Event())
    with pytest.raises(UserError, match="is no address"):
        ClusterWorkers(b"", address="nowhere", stop=threading.Event())
