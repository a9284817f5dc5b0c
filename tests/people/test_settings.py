"""What the settings make of a public address, in a process of its own: they are read once."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from pathlib import Path

NAMES = (
    "SESSION_COOKIE_SECURE", "SESSION_COOKIE_NAME", "CSRF_COOKIE_SECURE", "CSRF_COOKIE_NAME", "SECURE_SSL_REDIRECT",
    "ADMIN_REQUIRE_2FA", "SIGNUP", "ALLOWED_HOSTS", "MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN", "SECURE_HSTS_SECONDS",
)  # fmt: skip


def test_a_public_platform_is_locked_by_default(tmp_path: Path) -> None:
    script = f"import json; from cavendish import settings as s; print(json.dumps([getattr(s, n) for n in {NAMES}]))"
    environment = {
        "PATH": os.environ["PATH"],
        "CAVENDISH_DATA_DIR": str(tmp_path),
        "BASE_URL": "https://images.example.com",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "HSTS_SECONDS": "3600",
    }
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert dict(zip(NAMES, json.loads(done.stdout), strict=True)) == {
        "SESSION_COOKIE_SECURE": True,
        "SESSION_COOKIE_NAME": "__Host-session",
        "CSRF_COOKIE_SECURE": True,
        "CSRF_COOKIE_NAME": "__Host-csrf",
        "SECURE_SSL_REDIRECT": True,
        "ADMIN_REQUIRE_2FA": True,
        "SIGNUP": "closed",
        "ALLOWED_HOSTS": ["images.example.com"],
        "MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN": False,
        "SECURE_HSTS_SECONDS": 3600,
    }
