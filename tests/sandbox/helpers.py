"""What the tests of the sandbox read answers with."""

from __future__ import annotations

import base64
import json
from io import BytesIO
from typing import Any

import httpx
from PIL import Image


def blocks(interaction: dict[str, Any]) -> list[dict[str, Any]]:
    """The content of the only model_output step."""
    outputs = [step for step in interaction["steps"] if step["type"] == "model_output"]
    assert len(outputs) == 1
    content: list[dict[str, Any]] = outputs[0]["content"]
    return content


def kinds(interaction: dict[str, Any]) -> list[str]:
    return [block["type"] for block in blocks(interaction)]


def picture_bytes(interaction: dict[str, Any]) -> bytes:
    return base64.b64decode([block for block in blocks(interaction) if block["type"] == "image"][-1]["data"])


def decoded(raw: bytes) -> Image.Image:
    """Read to the last byte, so that a broken file fails."""
    with Image.open(BytesIO(raw)) as image:
        image.load()
        return image


def pixels(interaction: dict[str, Any]) -> tuple[int, int]:
    return decoded(picture_bytes(interaction)).size


def modalities(interaction: dict[str, Any], side: str) -> dict[str, int]:
    return {entry["modality"]: entry["tokens"] for entry in interaction["usage"][f"{side}_tokens_by_modality"]}


def png(width: int, height: int) -> str:
    out = BytesIO()
    Image.new("RGB", (width, height), (20, 90, 160)).save(out, "PNG")
    return base64.b64encode(out.getvalue()).decode()


def broken_stream(api: httpx.Client, body: dict[str, Any]) -> bytes:
    """What arrived before the connection broke; fails where the answer comes whole."""
    received = bytearray()
    try:
        with api.stream("POST", "/v1/interactions", json=body) as answer:
            assert answer.status_code == 200
            for chunk in answer.iter_raw():
                received += chunk
    except httpx.RemoteProtocolError:
        return bytes(received)
    raise AssertionError("the answer came whole")


def events(answer: httpx.Response) -> list[dict[str, Any]]:
    """The events of a whole stream that ends as it must."""
    frames = answer.text.split("\n\n")
    assert frames[-2:] == ["event: done\ndata: [DONE]", ""]
    parsed = []
    for frame in frames[:-2]:
        name, data = frame.split("\n")
        event = json.loads(data.removeprefix("data: "))
        assert name == f"event: {event['event_type']}"
        parsed.append(event)
    return parsed
