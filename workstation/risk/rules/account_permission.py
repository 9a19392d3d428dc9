"""Account permission: kinds of instrument that an account may not add to, by its own flags or by a compliance setting.

The setting's text is a comma-separated list of asset classes, as in `OPTION,FUTURE`. Crypto and the rest have no flag.
"""

from collections.abc import Mapping

from workstation.domain.instruments import AssetClass
from workstation.domain.verdicts import DenialKind
from workstation.risk.controls import Controls
from workstation.risk.place import Place
from workstation.risk.restrictions import Restriction
from workstation.risk.rules.base import RestrictionRule
from workstation.risk.snapshot import Snapshot

FLAGS: Mapping[AssetClass, str] = {
    AssetClass.STOCK: "can_trade_stocks",
    AssetClass.ETF: "can_trade_stocks",
    AssetClass.OPTION: "can_trade_options",
    AssetClass.FUTURE: "can_trade_futures",
    AssetClass.FOREX: "can_trade_forex",
    AssetClass.BOND: "can_trade_bonds",
}


def barred_classes(controls: Controls, account: str) -> frozenset[AssetClass]:
    """Return the kinds of contract that an account may not add to here, by its flags or a setting on it or all."""
    kept = controls.accounts.get(account)
    flagged = {kind for kind, flag in FLAGS.items() if kept is not None and not getattr(kept, flag)}
    named = {
        name
        for found in controls.restrictions.of_account(Restriction.ACCOUNT_PERMISSION, account)
        for name in found.new.split(",")
    }
    return frozenset(flagged | {kind for kind in AssetClass if kind.value in named})


class AccountPermission(RestrictionRule):
    """The asset class is among those that the account may not trade."""

    code = "ACCOUNT_PERMISSION"
    restriction = Restriction.ACCOUNT_PERMISSION
    kind = DenialKind.COMPLIANCE

    def binds(self, place: Place) -> bool:
        """Tell whether a setting or the account's flags could forbid anything."""
        return super().binds(place) or place.account.account in place.controls.accounts

    def objection(self, snapshot: Snapshot) -> str:
        """Name the account and the asset class."""
        name, asset_class = snapshot.terms.account, snapshot.instrument.asset_class
        found, kept, flag = self.setting(snapshot), snapshot.controls.accounts.get(name), FLAGS.get(asset_class)
        barred = found is not None and asset_class.value in found.new.split(",")
        if not barred and (kept is None or flag is None or getattr(kept, flag)):
            return ""
        return (
            f"Refused: account permission. {name} may not trade {asset_class.value}; "
            "choose another account or have the permission granted."
        )
