"""Content Credentials (C2PA) of a sandbox picture, signed by a certificate that is on no trust list."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path

from c2pa import Builder, C2paSignerInfo, Signer

_FOLDER = Path(__file__).parent / "testcert"
_MANIFEST = json.dumps(
    {
        "claim_generator_info": [{"name": "Cavendish sandbox", "version": "1"}],
        "assertions": [
            {
                "label": "c2pa.actions",
                "data": {
                    "actions": [
                        {
                            "action": "c2pa.created",
                            "digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia",
                        }
                    ]
                },
            }
        ],
    }
)


def sign(data: bytes, mime_type: str) -> bytes:
    """Returns the picture with a signed manifest, which is valid but of an untrusted signer. It needs no network."""
    info = C2paSignerInfo(b"es256", _pem("chain.pem"), _pem("key.pem"), None)
    signed = BytesIO()
    with Signer.from_info(info) as signer, Builder(_MANIFEST) as builder:
        builder.sign(signer, mime_type, BytesIO(data), signed)
    return signed.getvalue()


def _pem(name: str) -> bytes:
    """Returns the file without the comment above the first block, which C2PA's parser would refuse."""
    text = (_FOLDER / name).read_bytes()
    return text[text.index(b"-----BEGIN") :]
