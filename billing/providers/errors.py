"""What a payment provider refuses, or does not say. Modules raise these and nothing of their library's."""

from __future__ import annotations

from billing.errors import BillingRefused
from cavendish.http.problems import Problem


class ProviderError(Exception):
    """Base of what a provider's module raises. `code` is the provider's, `message` is for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code[:64]
        self.message = message[:300]


class Declined(ProviderError):
    """The bank or the card said no. `reference` is the payment, where one was made."""

    def __init__(self, code: str, message: str, *, reference: str = "") -> None:
        super().__init__(code, message)
        self.reference = reference


class Refused(ProviderError):
    """The provider did not take the request: it is wrong, and nothing was done."""


class OutcomeUnknown(ProviderError):
    """No clear answer: it may have been done or not. Asked again later, with the same key."""


class NotSigned(ProviderError):
    """A webhook whose signature is missing, wrong, or too old."""


class AmountNotPayable(ProviderError):
    """An amount that the provider cannot take to the last place."""


class NoProvider(BillingRefused):
    code_name = "no_payment_provider"

    def __init__(self) -> None:
        super().__init__("No payment provider is set up on this platform: ask its operator how to pay.")


class ProviderAway(BillingRefused):
    """Nothing was booked; what was begun is completed, or ends, by itself."""

    status_code, code_name = 503, "payment_provider_unavailable"

    def __init__(self) -> None:
        super().__init__("The payment provider gave no clear answer. Try again in a minute.")


class PaymentDeclined(BillingRefused):
    """The detail ends with the provider's code for why."""

    status_code, code_name = 402, "payment_declined"

    def __init__(self, error: ProviderError) -> None:
        super().__init__(f"{error.message} ({error.code})")


class PaymentRefused(BillingRefused):
    """`code` says what is in the way."""

    def __init__(self, code: str, detail: str, *, status: int = 409) -> None:
        Problem.__init__(self, status, code, detail)
