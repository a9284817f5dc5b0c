"""A small OpenID Connect provider over HTTP: discovery, keys, authorization codes with PKCE, signed ID tokens."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT_ID, CLIENT_SECRET = "cavendish", "provider-secret"


@dataclass
class Provider:
    """`userinfo` overrides what the user information says, `token` what the ID token says; None leaves a claim out."""

    server: ThreadingHTTPServer
    key: rsa.RSAPrivateKey
    codes: dict[str, dict[str, Any]] = field(default_factory=dict)
    tokens: dict[str, dict[str, Any]] = field(default_factory=dict)
    userinfo: dict[str, Any] = field(default_factory=dict)
    token: dict[str, Any] = field(default_factory=dict)

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def consent(self, address: str, **claims: Any) -> str:
        """What a person does at the provider: comes with `address`, is `claims`, and goes back to the answered path."""
        parameters = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert parameters["client_id"] == CLIENT_ID
        assert (parameters["response_type"], parameters["code_challenge_method"]) == ("code", "S256")
        assert set(parameters["scope"].split()) == {"openid", "profile", "email"}
        code = secrets.token_urlsafe(8)
        self.codes[code] = {"claims": claims, **parameters}
        back = urlsplit(parameters["redirect_uri"])
        return f"{back.path}?code={code}&state={parameters['state']}"

    def redeem(self, form: dict[str, str]) -> dict[str, Any] | None:
        grant = self.codes.pop(form.get("code", ""), None)
        proof = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if (
            grant is None
            or base64.urlsafe_b64encode(proof).decode().rstrip("=") != grant["code_challenge"]
            or (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET)
            or form.get("redirect_uri") != grant["redirect_uri"]
        ):
            return None
        access, now = secrets.token_urlsafe(8), int(time.time())
        self.tokens[access] = {**grant["claims"], **self.userinfo}
        id_token = {"iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 60, **grant["claims"], **self.token}
        id_token = {name: value for name, value in id_token.items() if value is not None}
        answer = {"access_token": access, "token_type": "Bearer", "expires_in": 60}
        return answer if not id_token.get("sub") else {**answer, "id_token": self.signed(id_token)}

    def signed(self, claims: dict[str, Any]) -> str:
        return jwt.encode(claims, self.key, algorithm="RS256", headers={"kid": "one"})

    def answer(self, path: str, form: dict[str, str], bearer: str) -> tuple[int, dict[str, Any]]:
        if path == "/.well-known/openid-configuration":
            return 200, {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "userinfo_endpoint": f"{self.issuer}/userinfo",
                "jwks_uri": f"{self.issuer}/keys",
                "token_endpoint_auth_methods_supported": ["client_secret_post"],
            }
        if path == "/keys":
            public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
            return 200, {"keys": [{**public, "kid": "one", "alg": "RS256", "use": "sig"}]}
        if path == "/token":
            given = self.redeem(form)
            return (200, given) if given else (400, {"error": "invalid_grant"})
        if path == "/userinfo" and bearer in self.tokens:
            return 200, self.tokens[bearer]
        return 404, {}


def serve() -> Provider:
    """A running one; its owner calls `server.shutdown()`."""
    provider: Provider

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            bearer = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
            status, answer = provider.answer(urlsplit(self.path).path, form, bearer)
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_GET

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider = Provider(server, rsa.generate_private_key(public_exponent=65537, key_size=2048))
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    return provider
