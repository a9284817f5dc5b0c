"""The OpenID Connect provider of this installation, from OIDC_ISSUER and its companions in the environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from cavendish.boot.config import LOOPBACK, Config, ConfigurationError

# Part of the callback URL that is registered with the provider: /account/oidc/sso/login/callback/
PROVIDER_ID = "sso"


@dataclass(frozen=True)
class Oidc:
    """A provider. `name` is shown on the button; `/.well-known/openid-configuration` is below `issuer`."""

    issuer: str
    client_id: str
    client_secret: str
    name: str

    @classmethod
    def of(cls, config: Config) -> Oidc | None:
        """Returns the configured provider, None without an issuer.

        Raises ConfigurationError for one that is half configured or not reached over TLS.
        """
        issuer = config.get("OIDC_ISSUER").rstrip("/")
        if not issuer:
            return None
        client_id, secret = config.get("OIDC_CLIENT_ID"), config.get("OIDC_CLIENT_SECRET")
        if not client_id or not secret:
            raise ConfigurationError("OIDC_ISSUER is set; set OIDC_CLIENT_ID and OIDC_CLIENT_SECRET as well.")
        parts = urlsplit(issuer)
        # The provider's certificate is the reason to believe it.
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
            raise ConfigurationError(f"OIDC_ISSUER is {issuer!r}; use an https:// address.")
        return cls(issuer, client_id, secret, config.get("OIDC_NAME", parts.hostname or ""))

    def app(self) -> dict[str, Any]:
        """Returns django-allauth's settings of the provider, with PKCE.

        Who may sign in by a verified email is decided by `accounts.people.adapters`.
        """
        return {
            "provider_id": PROVIDER_ID,
            "name": self.name,
            "client_id": self.client_id,
            "secret": self.client_secret,
            "settings": {"server_url": self.issuer, "oauth_pkce_enabled": True, "email_authentication": True},
        }
