"""What a start asks for, whether it may be, and how a record becomes an order to the runner. Pure functions."""

from collections.abc import Sequence
from typing import Any

import msgspec

from workstation.domain.accounts import Environment, KillScope, KillState
from workstation.domain.errors import NotFound, StateConflict, ValidationError
from workstation.domain.records import StrategyDefinition, StrategyRun
from workstation.domain.records.strategies import StrategyRunStatus, StrategyStatus
from workstation.orders.fold import CoreState
from workstation.strategies.loading import Code, RunRefused, StrategyConfig, config_of
from workstation.strategies.runs import Isolated, RunOrder
from workstation.strategies.views import Policy

ENDED = tuple(status.value for status in StrategyRunStatus if not status.is_active)
"""States of a run beside which its strategy may be started anew."""


class StartRun(msgspec.Struct, frozen=True, kw_only=True):
    """Start a strategy on an account. Money and percentages: plain decimal text; parameters: over the definition's."""

    strategy_id: str
    account: str
    initial_capital: str
    start_date: str
    tenant: str = "local"
    end_date: str | None = None
    max_positions: int | None = None
    max_position_size: str | None = None
    max_drawdown: str | None = None
    parameters: dict[str, Any] | None = None
    notes: str = ""
    metadata: dict[str, Any] = {}


def startable(state: CoreState, wanted: StartRun, active: Sequence[StrategyRun], at_once: int) -> StrategyDefinition:
    """Return the definition that may be started as asked.

    Raises:
        UserError: NotFound, ValidationError, StateConflict or RunRefused, saying why it may not.
    """
    strategy = state.records.find(StrategyDefinition, wanted.tenant, wanted.strategy_id)
    if strategy is None:
        raise NotFound("strategy", wanted.strategy_id)
    account = state.accounts.get(wanted.account)
    if account is None:
        raise NotFound("account", wanted.account)
    if not config_of(strategy.config).entry_point:
        raise ValidationError("config", "entry_point is needed to run", allowed="module:Class")
    if strategy.status in (StrategyStatus.STOPPED, StrategyStatus.ARCHIVED):
        text = f"Not started: the strategy is {strategy.status}; a person must re-enable it."
        raise StateConflict(text, state=strategy.status, allowed=("DRAFT", "ACTIVE", "PAUSED"))
    kill = state.controls.kills.find(KillScope.STRATEGY, strategy.id)
    if kill is not None:
        text = f"Not started: the kill switch is on for the strategy ({kill.reason}); a person must lift it."
        raise StateConflict(text, state="KILLED", allowed=("DRAFT", "ACTIVE", "PAUSED"))
    if account.environment is Environment.LIVE and (strategy.paper_trading_only or not strategy.is_approved):
        why = "is for paper accounts only" if strategy.paper_trading_only else "is not approved"
        raise RunRefused("NOT_APPROVED", f"The strategy {why}; a live account needs both.")
    _refuse_a_second(strategy, wanted, active)
    if len(active) >= at_once:
        raise RunRefused("QUOTA_EXCEEDED", f"{len(active)} of at most {at_once} runs are under way.")
    return strategy


def _refuse_a_second(strategy: StrategyDefinition, wanted: StartRun, active: Sequence[StrategyRun]) -> None:
    """Refuse a start beside a run of the same strategy on the same account.

    Raises:
        StateConflict: one is active there.
    """
    for run in active:
        if run.strategy_id == strategy.id and run.account == wanted.account:
            text = f"Not started: the strategy's run {run.run_name} on that account is {run.status}; it must end first."
            raise StateConflict(text, state=run.status, allowed=ENDED)


def check_code(state: CoreState, strategy: StrategyDefinition, account: str, code: Code) -> None:
    """Refuse on a live account code that is not what a person has approved.

    Raises:
        RunRefused: the file has another content by now.
    """
    if state.accounts[account].environment is Environment.LIVE and code.code_hash != strategy.approved_code:
        raise RunRefused("NOT_APPROVED", "The strategy's file has changed since it was approved; approve it as it is.")


def order_of(run: StrategyRun, code: Code | None, policy: Policy | None) -> RunOrder:
    """Return what the runner is asked for, all but what makes the strategy; policy: None for what is declared."""
    config: StrategyConfig = config_of(run.config_snapshot)
    kept = Policy(run.policy) if run.policy else Policy.CANCEL
    by_class = kept if code is None else code.strategy.policy
    return RunOrder(
        run_id=run.id,
        account=run.account,
        name=run.run_name,
        make=_nothing,
        policy=policy or config.on_stop or by_class,
        policy_is_asked=(policy or config.on_stop) is not None,
        user=run.user_id,
        code_hash=run.code_hash,
        version=run.version,
        orders_per_s_max=config.orders_per_second,
        state=run.kept_state,
        generation=run.generation,
        strategy_id=run.strategy_id,
        isolated=None if code is None or not config.isolated else _isolated(run, code, config),
    )


def _isolated(run: StrategyRun, code: Code, config: StrategyConfig) -> Isolated:
    return Isolated(
        entry_point=code.entry_point,
        source=code.source,
        parameters=run.parameters_snapshot,
        memory_mb=config.memory_mb,
        cpu_s=config.cpu_seconds,
    )


def _nothing(_door: object) -> Any:
    raise StateConflict("the run is over", state="STOPPED")


def concerns(kill: KillState, run: StrategyRun) -> bool:
    """Tell whether a kill switch ends a run."""
    if kill.scope is KillScope.ALL:
        return True
    if kill.scope is KillScope.ACCOUNT:
        return kill.key == run.account
    return kill.scope is KillScope.STRATEGY and kill.key in (run.id, run.strategy_id)
