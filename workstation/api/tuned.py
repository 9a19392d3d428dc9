"""Values that a changed setting gives a running service: they begin as its options have them. Belongs to the loop.

Only for settings that `config/board` says apply at once; what security or money rests on never changes while it runs.
"""

from typing import Any

from workstation.api.options import ApiOptions


class Tuned:
    """The values of now, by the setting's name in `take`."""

    def __init__(self, options: ApiOptions) -> None:
        self._values: dict[str, int] = {
            "marketdata.max_subscriptions": options.subscriptions_max,
            "webhooks.max_retries": options.webhook_retries,
            "webhooks.retry_delay": options.webhook_delay_s,
            "webhooks.timeout": options.webhook_timeout_s,
        }

    @property
    def subscriptions_max(self) -> int:
        """Most subscriptions of a tenant."""
        return self._values["marketdata.max_subscriptions"]

    @property
    def webhook_retries(self) -> int:
        """Retries of a delivery, for an endpoint that does not say."""
        return self._values["webhooks.max_retries"]

    @property
    def webhook_delay_s(self) -> int:
        """Seconds to the first retry, for an endpoint that does not say."""
        return self._values["webhooks.retry_delay"]

    @property
    def webhook_timeout_s(self) -> int:
        """Seconds to answer, for an endpoint that does not say."""
        return self._values["webhooks.timeout"]

    def names(self) -> frozenset[str]:
        """Return the settings that are followed."""
        return frozenset(self._values)

    def take(self, name: str, value: Any) -> None:
        """Hold a setting's new value from now on; one that is not followed is left to the next start."""
        if name in self._values:
            self._values[name] = value
