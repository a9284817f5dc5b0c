"""The same request as code: curl, Python, JavaScript and OpenAI's library. Each runs as it is pasted, with $KEY set."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from cavendish.above.console.pictures.shapes import Sight
from cavendish.above.console.playground.form import CONFIG, picture_of, prompt_of, references_of, search_of

MAX_CHARS = 20_000
"""Of a request that is shown as code: whole conversations that were sent again can weigh megabytes."""
WAIT = 120
VARIABLE = "KEY"
"""Of the environment, that holds the API key."""
FIELDS = (
    "model", "input", "template", "response_format", "tools", "max_images", "previous_generation_id",
    "system_instruction", "safety_settings", "n", "deadline", "metadata",
)  # fmt: skip
_PIECES = re.compile(r'(?P<string>"(?:\\.|[^"\\\n])*"?)|(?P<comment>(?:^|(?<=\s))(?:#|//) .*$)', re.MULTILINE)


@dataclass(frozen=True)
class Snippet:
    """Code under a tab. `key` is of HTML ids."""

    key: str
    name: str
    code: str

    @property
    def marked(self) -> SafeString:
        """The code as HTML, its strings and comments marked."""
        pieces, end = [], 0
        for match in _PIECES.finditer(self.code):
            pieces.append(("", self.code[end : match.start()]))
            pieces.append(("s" if match["string"] else "q", match[0]))
            end = match.end()
        pieces.append(("", self.code[end:]))
        return format_html_join(
            "", "{}", ((format_html('<span class="{}">{}</span>', *each) if each[0] else each[1],) for each in pieces)
        )


def snippets_of(sight: Sight, *, previous: Sight | None = None) -> list[Snippet]:
    """Returns the request of a generation as code; nothing where it was erased or is too long to be read.

    `previous` is the turn before.
    """
    request = sight.request
    if not request.get("model") or len(json.dumps(request, ensure_ascii=False)) > MAX_CHARS:
        return []
    body = native_body(request)
    return [
        Snippet("curl", "curl", _curl(body)),
        Snippet("python", "Python", _python(body)),
        Snippet("javascript", "JavaScript", _javascript(body)),
        Snippet("openai", "OpenAI", _openai(request, previous)),
    ]


def native_body(request: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a request that was kept, from whichever API it came, as the native API takes it."""
    body = {name: request[name] for name in FIELDS if request.get(name) not in (None, [], {})}
    if body.get("template"):
        sent = body.get("input")
        blocks = sent if isinstance(sent, list) else []
        body["input"] = [each for each in blocks if isinstance(each, dict) and each.get("type", "text") != "text"]
        body = {name: value for name, value in body.items() if name != "input" or value}
    if previous := request.get("previous_interaction_id"):
        body["previous_generation_id"] = previous
    config = {k: v for k, v in (request.get("generation_config") or {}).items() if k in CONFIG and v is not None}
    if config:
        body["generation_config"] = config
    return body


def _curl(body: Mapping[str, Any]) -> str:
    return f"""\
curl -sS {settings.BASE_URL}/api/v1/generations \\
  -H "Authorization: Bearer ${VARIABLE}" -H "Prefer: wait={WAIT}" \\
  -H "Content-Type: application/json" -d @- <<'JSON'
{_json(body)}
JSON"""


def _python(body: Mapping[str, Any]) -> str:
    return f"""\
# pip install requests
import os

import requests

answer = requests.post(
    "{settings.BASE_URL}/api/v1/generations",
    headers={{"Authorization": f"Bearer {{os.environ['{VARIABLE}']}}", "Prefer": "wait={WAIT}"}},
    json={_literal(body, 4)},
    timeout={WAIT + 30},
)
answer.raise_for_status()
generations = answer.json().get("data") or [answer.json()]
outputs = [output for generation in generations for output in generation["outputs"]]
for number, output in enumerate(outputs, 1):
    with open(f"picture-{{number}}.{{output['mime_type'].split('/')[1]}}", "wb") as file:
        file.write(requests.get(output["url"], timeout=60).content)"""


def _javascript(body: Mapping[str, Any]) -> str:
    return f"""\
// node 18 or newer, as picture.mjs
import {{ writeFile }} from "node:fs/promises";

const answer = await fetch("{settings.BASE_URL}/api/v1/generations", {{
  method: "POST",
  headers: {{
    Authorization: `Bearer ${{process.env.{VARIABLE}}}`,
    "Content-Type": "application/json",
    Prefer: "wait={WAIT}",
  }},
  body: JSON.stringify({_indented(_json(body), 2)}),
}});
if (!answer.ok) throw new Error(await answer.text());
const found = await answer.json();
const outputs = (found.data ?? [found]).flatMap((generation) => generation.outputs);
for (const [index, {{ url, mime_type }}] of outputs.entries()) {{
  const picture = await (await fetch(url)).arrayBuffer();
  await writeFile(`picture-${{index + 1}}.${{mime_type.split("/")[1]}}`, Buffer.from(picture));
}}"""


def _openai(request: Mapping[str, Any], previous: Sight | None) -> str:
    comments, extra = ["# pip install openai"], _openai_extra(request)
    if request.get("previous_generation_id") or request.get("previous_interaction_id"):
        comments.append("# Chats keep no state: the picture of the turn before goes along.")
    if "image_search" in search_of(request):
        comments.append("# Image search has no place in this API; it searches the web.")
    if any(reference.role for reference in references_of(request)):
        comments.append("# Roles of references have no place in this API.")
    named: dict[str, Any] = {"model": request["model"], "messages": _messages(request, previous)}
    if (n := int(request.get("n") or 1)) > 1:
        named["n"] = n
    named["extra_body"] = extra
    arguments = "".join(f"\n    {name}={_literal(value, 4)}," for name, value in named.items())
    head = "\n".join(comments)
    return f"""\
{head}
import base64
import os

from openai import OpenAI

client = OpenAI(api_key=os.environ["{VARIABLE}"], base_url="{settings.BASE_URL}/openai/v1")
answer = client.chat.completions.create({arguments}
)
pictures = [picture for choice in answer.choices for picture in choice.message.images]
for number, picture in enumerate(pictures, 1):
    head, _, data = picture["image_url"]["url"].partition(",")
    with open(f"picture-{{number}}.{{head.split('/')[1].split(';')[0]}}", "wb") as file:
        file.write(base64.b64decode(data))"""


def _openai_extra(request: Mapping[str, Any]) -> dict[str, Any]:
    picture, config = picture_of(request), request.get("generation_config") or {}
    shape = {name: picture[name] for name in ("aspect_ratio", "image_size") if picture.get(name)}
    extra: dict[str, Any] = {"modalities": ["image", "text"]}
    if shape:
        extra["image_config"] = shape
    if config.get("thinking_level"):
        extra["reasoning_effort"] = config["thinking_level"]
    extra |= {name: config[name] for name in ("temperature", "top_p", "seed") if config.get(name) is not None}
    if search_of(request):
        extra["tools"] = [{"type": "web_search"}]
    return extra


def _messages(request: Mapping[str, Any], previous: Sight | None) -> list[dict[str, Any]]:
    pictures = [each.id for each in references_of(request) if each.kind == "image"]
    if previous and previous.pictures:
        pictures.insert(0, previous.pictures[-1].public_id)
    addresses = [_address(id) for id in pictures]
    prompt = prompt_of(request)
    content: Any = prompt
    if addresses:
        content = [
            {"type": "text", "text": prompt},
            *({"type": "image_url", "image_url": {"url": address}} for address in addresses),
        ]
    instruction = request.get("system_instruction")
    system = [{"role": "system", "content": instruction}] if instruction else []
    return [*system, {"role": "user", "content": content}]


def _address(id: str) -> str:
    path = f"files/{id}" if id.startswith("file_") else f"outputs/{id}/content"
    return f"{settings.BASE_URL}/api/v1/{path}"


def _json(value: Any, indent: int = 0) -> str:
    """Returns a value as JSON, what is short on one line."""
    return _written(value, indent, 2, _JSON_WORDS, last="")


def _indented(text: str, spaces: int) -> str:
    return text.replace("\n", "\n" + " " * spaces)


def _literal(value: Any, indent: int) -> str:
    """Returns a value as Python writes it, what is short on one line."""
    return _written(value, indent, 4, _PYTHON_WORDS, last=",")


_JSON_WORDS = {True: "true", False: "false", None: "null"}
_PYTHON_WORDS = {True: "True", False: "False", None: "None"}
LINE = 88


def _written(value: Any, indent: int, step: int, words: Mapping[Any, str], *, last: str) -> str:
    if value is None or isinstance(value, bool):
        return words[value]
    if not isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    ends = "{}" if isinstance(value, dict) else "[]"
    inner = [
        (f"{json.dumps(key, ensure_ascii=False)}: " if isinstance(value, dict) else "")
        + _written(each, indent + step, step, words, last=last)
        for key, each in (value.items() if isinstance(value, dict) else enumerate(value))
    ]
    flat = f"{ends[0]}{', '.join(inner)}{ends[1]}"
    if not inner or ("\n" not in flat and len(flat) + indent <= LINE and indent):
        return flat
    space = " " * (indent + step)
    lines = (",\n" + space).join(inner)
    return f"{ends[0]}\n{space}{lines}{last}\n{' ' * indent}{ends[1]}"
