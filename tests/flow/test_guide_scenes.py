"""Every scene that a picture shows comes about, by command alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.market import real_data
from tests.helpers.product_rig import ask, running_headless
from workstation.app.bootstrap import Program
from workstation.app.scene_stage import Stage
from workstation.app.scenes import FOCUS, SCENES, Scene, SceneThread, scene_named
from workstation.commands.registry import NoParams
from workstation.domain.errors import UserError
from workstation.domain.orders import OrdStatus, OriginKind
from workstation.ports.store import OrderQuery


def play(program: Program, name: str) -> set[OrdStatus]:
    """Play a scene to its end; returns the states of the orders that it leaves in the database."""
    playing = SceneThread(name, program.engine.session, program.engine)
    playing.start()
    playing._thread.join()
    assert playing.done()
    assert playing.failure == ""
    return {order.status for order in program.store.reader.orders(OrderQuery()).rows}


@pytest.mark.parametrize("name", ["live", "armed", "trading", "stale", "disconnected"])
def test_a_scene_of_the_simulated_market_comes_about(tmp_path: Path, name: str) -> None:
    with running_headless(tmp_path) as program:
        left = play(program, name)
    wanted = {
        "live": set(),
        "armed": {OrdStatus.SUBMITTED},
        "trading": {
            OrdStatus.FILLED,
            OrdStatus.SUBMITTED,
            OrdStatus.REJECTED,
            OrdStatus.RISK_REJECTED,
            OrdStatus.CANCELLED,
        },
    }
    assert left >= wanted.get(name, wanted["trading"])


def test_a_scene_comes_about_after_another_in_the_same_home_and_says_why_it_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_much(stage: Stage) -> None:
        stage.order(FOCUS, 500_000, -1)

    monkeypatch.setitem(SCENES, "too_much", Scene(too_much))
    with running_headless(tmp_path) as program:
        play(program, "armed")
        assert OrdStatus.REJECTED in play(program, "trading")
        refused = SceneThread("too_much", program.engine.session, program.engine)
        refused.start()
        refused._thread.join()
    assert refused.failure.startswith(f"order of +500,000 {FOCUS}: Refused: ")


def test_the_scene_of_scripts_makes_keys_and_reads_with_them(tmp_path: Path) -> None:
    with running_headless(tmp_path, "--api-port", "0") as program:
        play(program, "scripts")
        asked = ask(program, "script.board", NoParams(), OriginKind.TICKET).data.door.requests
    assert {line.path for line in asked} >= {"/api/v1/oms/orders", "/api/v1/oms/positions"}
    assert len({line.credential for line in asked}) == 2


def test_the_scene_of_a_replay_comes_about(tmp_path: Path) -> None:
    capture = real_data("usdm_btcusdt_20240808.gz")
    with running_headless(tmp_path, "--no-api", "--feed", f"replay:{capture}") as program:
        assert OrdStatus.FILLED in play(program, "replay")


def test_an_unknown_scene_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(UserError, match="--shot-scene nowhere: expected one of live, empty"):
        scene_named("nowhere")
    assert all(scene.front for scene in SCENES.values())
