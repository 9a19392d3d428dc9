"""A sweep on a real Dask cluster: the rows of this machine byte for byte, a worker lost on the way, or all."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.helpers.dask_cluster import DaskCluster
from tests.helpers.storage_flow import wait_for
from tests.helpers.sweeps import PROBE, DirectWorkers, loop_of, probe_job, swept
from workstation.app.sweep_cluster import ClusterGone, ClusterWorkers
from workstation.backtest.sweep_job import encoded
from workstation.domain.errors import UserError
from workstation.ports.sweeps import Terms, Trial, TrialStatus

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


DEADLY = PROBE.replace(
    "        self.seen = []\n",
    "        self.seen = []\n        import os, signal\n        os.kill(os.getpid(), signal.SIGKILL)\n",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the workers run."""
    return tmp_path_factory.mktemp("cluster")


@pytest.fixture(scope="module")
def cluster(folder: Path) -> Iterator[DaskCluster]:
    """Start four workers: the first test loses one, the second all others."""
    made = DaskCluster(folder, 4)
    yield made
    made.close()


class Sent:
    """Counts what goes out with each task, in bytes of its arguments; what lies at the workers is a name."""

    def __init__(self, client: Any) -> None:
        self.tasks = self.largest = 0
        self._submit = client.submit
        client.submit = self._counted

    def _counted(self, *arguments: Any, **options: Any) -> Any:
        self.tasks += 1
        self.largest = max(self.largest, sum(len(part) for part in arguments if isinstance(part, bytes)))
        return self._submit(*arguments, **options)


def test_rows_are_those_of_this_machine_though_a_worker_is_lost(
    cluster: DaskCluster, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    plain = probe_job()
    here = loop_of(TERMS, plain)
    here.run(DirectWorkers(plain), lambda _trial: None)
    deadly = msgspec.structs.replace(plain, source=LOST, code_hash="e" * 64)
    there = loop_of(TERMS, deadly)
    workers = ClusterWorkers(encoded(deadly), address=cluster.address, stop=threading.Event())
    [holders] = workers._client.who_has([workers._data]).values()
    assert len(holders) == 4, "the job is at each worker before a task is"
    sent = Sent(workers._client)
    try:
        assert there.run(workers, lambda _trial: None)
        curve = there.join(workers)
    finally:
        workers.close()
    assert sent.tasks >= 20
    assert sent.largest < len(encoded(deadly)) / 10, "the data is sent once, a task names it"
    assert all("rescheduling" in line.message for line in caplog.records)
    assert (folder / "lost-a-worker").exists()
    wait_for(lambda: cluster.alive() <= 3)
    assert cluster.alive() == 3
    encode = msgspec.json.encode
    assert [encode(there.trials[key]) for key in sorted(there.trials)] == [
        encode(here.trials[key]) for key in sorted(here.trials)
    ]
    assert curve == here.join(DirectWorkers(plain))


def test_a_trial_that_takes_worker_after_worker_down_is_given_up_and_the_loss_of_all_is_told_and_gone_on_with(
    cluster: DaskCluster,
) -> None:
    plain = probe_job()
    deadly = msgspec.structs.replace(plain, source=DEADLY, code_hash="d" * 64)
    one = loop_of(msgspec.structs.replace(TERMS, axes={"back": [11]}), deadly)
    workers = ClusterWorkers(encoded(deadly), address=cluster.address, stop=threading.Event(), attempts_max=2)
    workers._client.run_on_scheduler(_blames_at_once)
    try:
        one.run(workers, lambda _trial: None)
    finally:
        workers.close()
    [trial] = one.trials.values()
    wait_for(lambda: cluster.alive() <= 1)
    assert (trial.status, cluster.alive()) == (TrialStatus.FAILED, 1)
    assert trial.error.startswith("KilledWorker")

    came: list[Trial] = []

    def keep(trial: Trial) -> None:
        came.append(trial)
        if len(came) == 3:
            cluster.kill_workers()

    workers = ClusterWorkers(encoded(plain), address=cluster.address, stop=threading.Event(), alone_s=0.5)
    words = f"the cluster at {cluster.address} has had no worker for 0.5 s; go on with --resume"
    try:
        with pytest.raises(ClusterGone, match=re.escape(words)):
            loop_of(TERMS, plain).run(workers, keep)
    finally:
        workers.close()
    again, whole = DirectWorkers(plain), swept(TERMS, plain, DirectWorkers(plain))
    assert 3 <= len(came) < len(whole)
    assert swept(TERMS, plain, again, came) == whole
    assert len(again.ran) == len(whole) - len(came), "what came before is not run again"


def _blames_at_once(dask_scheduler: Any) -> None:
    """Let the scheduler give a task up with the first worker that it is lost with."""
    dask_scheduler.allowed_failures = 0


def test_where_no_scheduler_answers_one_line_says_so() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{bound.getsockname()[1]}"
        with pytest.raises(UserError, match=f"no Dask scheduler answers at {address}"):
            ClusterWorkers(b"", address=address, stop=threading.Event())
    with pytest.raises(UserError, match="is no address"):
        ClusterWorkers(b"", address="nowhere", stop=threading.Event())
