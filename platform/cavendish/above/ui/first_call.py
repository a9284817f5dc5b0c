"""A first request with a new key, in the languages that most take. Each runs as it is pasted."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from accounts.models import Scope

MODEL = "gemini-3.1-flash-image"
PROMPT = "A banana on a desk, morning light"


@dataclass(frozen=True)
class Snippet:
    """A program under its language's name; `install` is the command before it, where it needs one."""

    name: str
    code: str
    install: str = ""


def first_calls(*, base_url: str, secret: str, scopes: Collection[str], models: Collection[str] = ()) -> list[Snippet]:
    """Returns programs that make a first picture with the key; one that reads, for a key that may not generate.

    `models` are those that the key may use, empty for all. A key that neither generates nor reads has none.
    """
    if Scope.GENERATE in scopes:
        model = MODEL if not models or MODEL in models else next(iter(models))
        return [
            Snippet(name, code.replace("MODEL", model).replace("BASE", base_url).replace("KEY", secret), install)
            for name, code, install in _GENERATE
        ]
    if Scope.READ in scopes:
        return [Snippet("curl", _READ.replace("BASE", base_url).replace("KEY", secret))]
    return []


_READ = """\
curl BASE/api/v1/models -H "Authorization: Bearer KEY"
"""

_CURL = f"""\
curl BASE/api/v1/generations \\
  -H "Authorization: Bearer KEY" \\
  -H "Content-Type: application/json" -H "Prefer: wait=60" \\
  -d '{{"model": "MODEL", "input": "{PROMPT}"}}'
"""

_PYTHON = f"""\
import base64
from pathlib import Path

from google import genai

client = genai.Client(api_key="KEY", http_options={{"base_url": "BASE"}})
interaction = client.interactions.create(model="MODEL", input="{PROMPT}")
for step in interaction.steps:
    if step.type == "model_output":
        for block in step.content:
            if block.type == "image":
                Path("banana.png").write_bytes(base64.b64decode(block.data))
"""

_JAVASCRIPT = f"""\
import {{ writeFileSync }} from "node:fs";
import {{ GoogleGenAI }} from "@google/genai";

const client = new GoogleGenAI({{ apiKey: "KEY", httpOptions: {{ baseUrl: "BASE" }} }});
const interaction = await client.interactions.create({{ model: "MODEL", input: "{PROMPT}" }});
for (const step of interaction.steps)
  for (const block of step.content ?? [])
    if (block.type === "image") writeFileSync("banana.png", Buffer.from(block.data, "base64"));
"""

_OPENAI = f"""\
import base64
from pathlib import Path

import openai

client = openai.OpenAI(api_key="KEY", base_url="BASE/openai/v1")
images = client.images.generate(model="MODEL", prompt="{PROMPT}")
Path("banana.png").write_bytes(base64.b64decode(images.data[0].b64_json))
"""

_GENERATE = (
    ("curl", _CURL, ""),
    ("Python", _PYTHON, "pip install google-genai"),
    ("JavaScript", _JAVASCRIPT, "npm install @google/genai"),
    ("OpenAI", _OPENAI, "pip install openai"),
)
