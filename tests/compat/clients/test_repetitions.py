"""What clients send again by themselves spends once where an Idempotency-Key stands with it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.api.accounts import Account
from tests.compat.clients.pages import JS
from tests.compat.node import installed, run_node

ANSWERED_IN_WORDS = """
import { createGoogleGenerativeAI } from "@ai-sdk/google";
import { generateImage } from "ai";

const { GOOGLE_GEMINI_BASE_URL, GEMINI_API_KEY } = process.env;
const google = createGoogleGenerativeAI({ apiKey: GEMINI_API_KEY, baseURL: `${GOOGLE_GEMINI_BASE_URL}/v1beta` });
const model = google.image("gemini-3.1-flash-image");
let sent = 0;
globalThis.fetch = ((fetch) => (...request) => (sent++, fetch(...request)))(globalThis.fetch);
const request = { model, prompt: "x [[no_image]]", maxRetries: 1, headers: HEADERS };
const { name } = await generateImage(request).catch((error) => error);
console.log(JSON.stringify([name, sent]));
"""


@pytest.mark.parametrize(("headers", "jobs"), [({"Idempotency-Key": "order-1"}, 1), ({}, 2)])
def test_words_in_place_of_a_picture(account: Account, tmp_path: Path, headers: dict[str, str], jobs: int) -> None:
    """The AI SDK tries again where a model answered in words, which are charged."""
    script = tmp_path / "again.mjs"
    script.write_text(ANSWERED_IN_WORDS.replace("HEADERS", json.dumps(headers)))
    assert json.loads(run_node(script, installed(JS), account)) == ["AI_NoImageGeneratedError", 2]
    assert account.trace.generations == account.trace.holds == jobs
