"""A device that holds passkeys, in software: what a browser and its authenticator do between them (WebAuthn, ES256)."""

from __future__ import annotations

import hashlib
import json
import secrets
from base64 import urlsafe_b64encode
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2 import cbor

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def b64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


class Device:
    """`host` is where its passkey belongs; `counter` grows with each use, as authenticators' do."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.host = host
        self.id = secrets.token_bytes(16)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.user = b""
        self.counter = 0

    def create(self, options: dict[str, Any]) -> str:
        """What the form of a new passkey sends."""
        public_key = options["publicKey"]
        self.user = public_key["user"]["id"].encode()
        numbers = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        attested = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cbor.encode(cose)
        attestation = {"fmt": "none", "attStmt": {}, "authData": self._data(PRESENT | VERIFIED | ATTESTED) + attested}
        client = self._client("webauthn.create", public_key["challenge"])
        return self._answer(
            {"clientDataJSON": b64(client), "attestationObject": b64(cbor.encode(attestation))},
            {"credProps": {"rk": True}},
        )

    def get(self, options: dict[str, Any], *, origin: str = "") -> str:
        """What the form of a sign-in sends."""
        client = self._client("webauthn.get", options["publicKey"]["challenge"], origin)
        data = self._data(PRESENT | VERIFIED)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(
            {
                "clientDataJSON": b64(client),
                "authenticatorData": b64(data),
                "signature": b64(signature),
                "userHandle": self.user.decode(),
            },
            {},
        )

    def _data(self, flags: int) -> bytes:
        self.counter += 1
        return hashlib.sha256(self.host.encode()).digest() + bytes([flags]) + self.counter.to_bytes(4, "big")

    def _client(self, kind: str, challenge: str, origin: str = "") -> bytes:
        return json.dumps(
            {"type": kind, "challenge": challenge, "origin": origin or f"http://{self.host}", "crossOrigin": False}
        ).encode()

    def _answer(self, response: dict[str, str], extensions: dict[str, Any]) -> str:
        return json.dumps(
            {
                "id": b64(self.id),
                "rawId": b64(self.id),
                "type": "public-key",
                "response": response,
                "clientExtensionResults": extensions,
            }
        )
