"""A webhook on its way to being kept from the desktop: what it is told and where are judged, its secret is sealed.

Off the engine's thread; names are resolved here. Imported when somebody makes the first one, since it brings libraries
that a start does without.
"""

import asyncio
from collections.abc import Collection, Iterable
from pathlib import Path

from workstation.api.event_types import types_trouble
from workstation.api.token_file import lasting_secret, secret_file
from workstation.api.webhooks_secrets import Sealer, new_secret
from workstation.api.webhooks_targets import TargetForbidden, Targets, TargetUnresolved
from workstation.ports.scripts import PreparedHook


def prepared_hook(
    url: str, event_types: Collection[str], *, allowed_hosts: Iterable[str], own_port: int, token_file: Path
) -> PreparedHook:
    """Return a new secret for an endpoint, or why it may not be told; "" judges no endpoint, no types judge none."""
    unknown = types_trouble(event_types)
    if unknown:
        return PreparedHook(trouble=f"{unknown}.", field="event_types")
    try:
        if url:
            asyncio.run(Targets(allowed_hosts, own_port).resolve(url))
        sealer = Sealer(lasting_secret(secret_file(token_file)))
    except (TargetForbidden, TargetUnresolved) as wrong:
        return PreparedHook(trouble=f"The endpoint {wrong}.", field="endpoint_url")
    except OSError as error:
        return PreparedHook(trouble=f"The secret cannot be kept: {error}.")
    secret = new_secret()
    return PreparedHook(secret=secret, sealed=sealer.seal(secret))
