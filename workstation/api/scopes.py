"""Scopes as the REST interface checks them; the table stands with the commands, since the desktop makes keys too."""

from workstation.domain.scopes import ALL, PRESETS, READ_ONLY, ROLES, TRADE

__all__ = ["ALL", "PRESETS", "READ_ONLY", "ROLES", "TRADE"]
