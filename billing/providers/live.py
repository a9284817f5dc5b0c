from __future__ import annotations

from billing.providers.errors import PaymentRefused


def require_live(livemode: bool) -> None:
    """Raises PaymentRefused for a test key: test jobs cost nothing, and no test moves real money."""
    if not livemode:
        raise PaymentRefused("live_key_required", "Money is live: use a live key.", status=403)
