"""A sweep from its panel in the real program: begun, stopped and gone on with, here and on a real cluster."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from tests.helpers.dask_cluster import DaskCluster
from tests.helpers.past_rig import store_with_hours
from tests.helpers.product_rig import Product, running
from tests.helpers.sweeps import PROBE
from workstation.app.sweep_cluster import ClusterWorkers
from workstation.desktop.panels.sweep_panel import SweepsPanel
from workstation.ports.sweeps import Sweep, SweepStatus

fcntl = pytest.importorskip("fcntl", reason="a gate of this kind is of POSIX systems")

FREE, ALL = 10, 20
"""Trials that run at once, and all; the rest wait before the gate."""

GATED = PROBE.replace(
    "        self.seen = []\n",
    "        self.seen = []\n"
    "        import fcntl, os\n"
    "        with open('{gate}') as gate, open('{ran}', 'a') as ran:\n"
    "            if self.parameters.back > {free}:\n"
    "                fcntl.flock(gate, fcntl.LOCK_SH)\n"
    "            ran.write(f'{{self.parameters.back}} {{os.getpid()}}\\n')\n",
)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskCluster]:
    """Start a scheduler and two workers."""
    made = DaskCluster(tmp_path_factory.mktemp("cluster"), 2)
    yield made
    made.close()


class Gate:
    """Trials beyond the first FREE wait before it until it opens; ran: which came through, and in which process."""

    def __init__(self, folder: Path) -> None:
        self._path, self._log = folder / "gate", folder / "ran"
        self._file = self._path.open("w")
        fcntl.flock(self._file, fcntl.LOCK_EX)
        self.source = GATED.format(gate=self._path, ran=self._log, free=FREE)

    def open(self) -> None:
        self._file.close()

    def ran(self) -> list[tuple[int, int]]:
        return [(int(back), int(pid)) for back, pid in map(str.split, self._log.read_text().splitlines())]


def gated_home(folder: Path, gate: Gate) -> Path:
    """Return a home with hourly bars and the probe, which waits at the gate."""
    store_with_hours(folder).close()
    (folder / "home" / "strategies" / "probe.py").write_text(gate.source)
    return folder / "home"


def open_panel(qtbot: QtBot, product: Product, address: str) -> SweepsPanel:
    """Return the panel with the form filled in."""
    panel = SweepsPanel(product.context, "sweeps-9")
    qtbot.addWidget(panel)
    panel.resize(1_200, 800)
    panel.show()
    product.wait(panel.form.code.count, "the code")
    panel.form.code.setCurrentText("probe:Probe")
    panel.form.symbols.setText("ABC")
    panel.form.interval.setText("1h")
    panel.form.parameters.setPlainText(f"back=1:{ALL}\nquantity=50")
    panel.form.fees.setText("zero")
    panel.form.cluster.setText(address)
    panel.form.any_size.setChecked(True)
    return panel


def the_sweep(panel: SweepsPanel) -> Sweep | None:
    panel.ask()
    return panel.rows.sweeps.get("1")


def test_a_sweep_that_loses_its_cluster_says_so_in_its_panel_and_goes_on_on_this_machine(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.helpers.product_rig.WAIT_S", 120.0)  # processes begin, on a machine that may be busy
    monkeypatch.setitem(ClusterWorkers.__init__.__kwdefaults__, "alone_s", 0.5)
    gate, lost = Gate(tmp_path), DaskCluster(tmp_path, 1)
    try:
        with running(qtbot, gated_home(tmp_path, gate)) as product:
            panel = open_panel(qtbot, product, lost.address)
            product.click(panel.begin)
            product.wait(lambda: (now := the_sweep(panel)) is not None and now.done == FREE, "all that is free")
            lost.kill_workers()
            product.wait(lambda: the_sweep(panel).status is SweepStatus.STOPPED, "the end of it")
            product.wait(lambda: "has had no worker for 0.5 s" in panel.note.text(), "the reason")
            assert "--" not in panel.note.text(), "a screen has buttons, no options"
            assert "“Go on”" in panel.note.text()
            gate.open()
            panel.form.cluster.clear()
            panel.sweeps.select_key("1")
            product.wait(panel.resume.isEnabled, "a sweep to go on with")
            product.click(panel.resume)
            product.wait(lambda: the_sweep(panel).status is SweepStatus.DONE, "the end")
            product.wait(lambda: "no worker" not in panel.note.text(), "the reason gone")
    finally:
        lost.close()


@pytest.mark.parametrize("where", ["this machine", "the cluster"])
def test_a_sweep_stopped_in_its_panel_goes_on_without_running_a_trial_twice(
    where: str, qtbot: QtBot, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.helpers.product_rig.WAIT_S", 120.0)  # processes begin, on a machine that may be busy
    made = request.getfixturevalue("cluster") if where == "the cluster" else None
    gate = Gate(tmp_path)
    with running(qtbot, gated_home(tmp_path, gate)) as product:
        panel = open_panel(qtbot, product, "" if made is None else made.address)
        product.click(panel.begin)
        product.wait(lambda: (now := the_sweep(panel)) is not None and now.done == FREE, "all that waits for nothing")
        product.click(panel.stop)
        product.wait(lambda: the_sweep(panel).status is SweepStatus.STOPPED, "the stop")
        first = gate.ran()
        gate.open()
        panel.sweeps.select_key("1")
        product.wait(panel.resume.isEnabled, "a sweep to go on with")
        product.click(panel.resume)
        done = product.wait(lambda: (now := the_sweep(panel)).status is SweepStatus.DONE and now, "the end")
        product.wait(lambda: len(panel.trials.columns.table) == ALL, "every trial in the table")
        trials = product.program.store.sweeps.trials(1)
    assert (done.done, done.failed, len(trials)) == (ALL, 0, ALL)
    assert sorted({back for back, _ in first}) == list(range(1, FREE + 1))
    again = Counter(back for back, _ in gate.ran())
    assert set(again) == set(range(1, ALL + 1))
    before = Counter(back for back, _ in first)
    more = [back for back in range(1, FREE + 1) if again[back] > before[back]]
    assert len(more) <= 1, "none ran twice, but for the choice, whose curve is drawn at the end"
    pids = {pid for _, pid in gate.ran()}
    if made is not None:
        assert pids == made.pids(), "two workers, and nothing on this machine"
    assert os.getpid() not in pids
