"""The playground's form: read from what was sent or from an earlier request, and written as the API's body."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from django.http import QueryDict

from cavendish.above.ui.marks import entries
from cavendish.db import ids
from cavendish.gemini.catalog import CatalogError, Model, get_model
from generations.labels.folding import MAX_CHARS, MAX_FOLDED, MAX_TAGS, tag_folded
from generations.request import MAX_VARIANTS

DEFAULT_MODEL = "gemini-3.1-flash-image"
MAX_REFERENCES = 20
"""That the form shows; models take fewer, and say so."""
ROLES = ("object", "character", "style")
WEB, IMAGES = "web_search", "image_search"
FORMATS = ("image/png", "image/jpeg")
DRAFT_SIZE = "512"
_SEED = re.compile(r"-?[0-9]{1,12}")
_COPIED = ("safety_settings", "max_images", "metadata")
"""What an earlier request may say besides, which a repetition says too."""


@dataclass(frozen=True)
class Reference:
    """A picture or video that goes with the prompt: an output (`out_…`) or a file (`file_…`), and its role or ""."""

    id: str
    role: str = ""
    kind: Literal["image", "video"] = "image"

    def as_block(self) -> dict[str, Any]:
        source = "file_id" if self.id.startswith("file_") else "output_id"
        role = {"role": self.role} if self.role and self.kind == "image" else {}
        return {"type": self.kind, source: self.id, **role}


@dataclass(frozen=True)
class Form:
    """The form's values. `ratio` "" leaves the shape to the rule of the API; `thinking` "" to the model.

    `template` is the id of a prompt template, `values` are those of its slots; there is no prompt beside it.
    `seed` is kept as it was typed.
    """

    model: Model
    prompt: str = ""
    previous: str = ""
    references: tuple[Reference, ...] = ()
    template: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    language: str = ""
    ratio: str = ""
    size: str = ""
    mime_type: str = ""
    search: tuple[str, ...] = ()
    thinking: str = ""
    variants: int = 1
    system: str = ""
    seed: str = ""
    tags: tuple[str, ...] = ()

    def fitting(self) -> Form:
        """Returns the same for its model: a size or level that the model does not have becomes its own."""
        model = self.model
        return replace(
            self,
            ratio=self.ratio if self.ratio in model.aspect_ratios else "",
            size=self.size if self.size in model.sizes else model.default_size,
            mime_type=self.mime_type if self.mime_type in model.output_mime_types else "",
            search=tuple(kind for kind in self.search if kind in model.search_types),
            thinking=self.thinking if self.thinking in model.thinking_levels else "",
        )

    def body(self) -> dict[str, Any]:
        """Returns the request as `POST /api/v1/generations` takes it."""
        picture: dict[str, Any] = {"type": "image"}
        for name, value in (("aspect_ratio", self.ratio), ("image_size", self.size), ("mime_type", self.mime_type)):
            if value:
                picture[name] = value
        config: dict[str, Any] = {"thinking_level": self.thinking} if self.thinking else {}
        if self.seed:
            config["seed"] = int(self.seed) if _SEED.fullmatch(self.seed) else self.seed
        return {
            "model": self.model.id,
            **self._content(),
            "response_format": [{"type": "text"}, picture],
            **({"tools": [_tool(self.search)]} if self.search else {}),
            **({"generation_config": config} if config else {}),
            **({"system_instruction": self.system} if self.system else {}),
            **({"previous_generation_id": self.previous} if self.previous else {}),
            **({"n": self.variants} if self.variants != 1 else {}),
        }

    def _content(self) -> dict[str, Any]:
        blocks: list[dict[str, Any]] = [reference.as_block() for reference in self.references]
        if self.template:
            language = {"language": self.language} if self.language else {}
            named = {"id": self.template, **language, "values": dict(self.values)}
            return {"template": named, **({"input": blocks} if blocks else {})}
        return {"input": [{"type": "text", "text": self.prompt}, *blocks] if blocks else self.prompt}


def _tool(search: Sequence[str]) -> dict[str, Any]:
    """Returns the tool; a search of the web alone is its default."""
    return {"type": "google_search", **({} if tuple(search) == (WEB,) else {"search_types": list(search)})}


def form_first(offered: Sequence[Model]) -> Form:
    """Returns an empty form: 3.1 Flash where the tenant has it, else the first model that is not on its way out."""
    kept = [model for model in offered if not model.deprecated] or list(offered)
    model = next((model for model in offered if model.id == DEFAULT_MODEL), None) or (
        kept[0] if kept else get_model(DEFAULT_MODEL)
    )
    return Form(model).fitting()


def form_of_data(data: QueryDict, offered: Sequence[Model], *, base: Form | None = None) -> Form:
    """Returns what a form or an address asks for; what it does not name is as in `base`, or as in an empty form.

    Nothing is refused here: the service judges the body, and the page shows each error beside its field.
    """
    form = base or form_first(offered)
    models = {model.id: model for model in offered}
    values: dict[str, Any] = {"model": models.get(data.get("model", ""), form.model)}
    texts = {"prompt": "prompt", "ratio": "ratio", "size": "size", "format": "mime_type", "thinking": "thinking"}
    texts |= {"system": "system", "template": "template", "from": "previous", "language": "language"}
    for name, attribute in texts.items():
        if name in data:
            values[attribute] = _text(data.get(name, ""))
    if "seed" in data:
        values["seed"] = data.get("seed", "").strip()[:40]
    if "n" in data:
        values["variants"] = _variants(data.get("n", ""))
    if "tags" in data:
        values["tags"] = tags_of(data.get("tags", ""))
    if "form" in data:  # a switch that is off is not sent
        values["search"] = tuple(kind for kind in (WEB, IMAGES) if kind in data.getlist("search"))
    if "reference" in data or "form" in data:
        values["references"] = _references(data)
    slots = {name.removeprefix("slot-"): data.get(name, "") for name in data if name.startswith("slot-")}
    if slots or "template" in data:
        values["values"] = {name: _text(text) for name, text in slots.items()}
    if values.get("template") and values["template"] != form.template:
        values["prompt"] = ""
    return replace(form, **values).fitting()


def _text(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


def _variants(text: str) -> int:
    return min(max(int(text), 1), MAX_VARIANTS) if text.isascii() and text.isdigit() and len(text) < 3 else 1


def _references(data: QueryDict) -> tuple[Reference, ...]:
    roles, kinds = data.getlist("role"), data.getlist("kind")
    found: dict[str, Reference] = {}
    named = data.getlist("reference")
    if (step := data.get("step", "")).startswith("add:"):
        named.append(step.removeprefix("add:"))
    for place, id in enumerate(named[:MAX_REFERENCES]):
        if ids.decode(ids.OUTPUT, id) is None and ids.decode(ids.FILE, id) is None:
            continue
        role = roles[place] if place < len(roles) and roles[place] in ROLES else ""
        kind: Literal["image", "video"] = "video" if place < len(kinds) and kinds[place] == "video" else "image"
        found.setdefault(id, Reference(id, role, kind))
    return tuple(found.values())


def tags_of(text: str) -> tuple[str, ...]:
    """Returns the tags of a line, which commas part; as many and as long as tags may be."""
    printable = "".join(char if char.isprintable() else " " for char in text)
    tags = (" ".join(tag.split())[:MAX_CHARS].strip() for tag in entries(printable))
    return tuple(dict.fromkeys(tag for tag in tags if 0 < len(tag_folded(tag)) <= MAX_FOLDED))[:MAX_TAGS]


def form_of_request(request: Mapping[str, Any], offered: Sequence[Model]) -> Form:
    """Returns the form that makes an earlier request again, as far as the form has places for what it says."""
    form = form_first(offered)
    model = _model(str(request.get("model", "")), offered) or form.model
    picture = picture_of(request)
    config = request.get("generation_config") or {}
    template = request.get("template") or {}
    seed = config.get("seed")
    return replace(
        form,
        model=model,
        prompt="" if template else prompt_of(request),
        references=references_of(request),
        template=str(template.get("id", "")),
        language=str(template.get("language") or ""),
        values={str(name): str(value) for name, value in (template.get("values") or {}).items()},
        previous=previous_of(request),
        ratio=str(picture.get("aspect_ratio") or ""),
        size=str(picture.get("image_size") or model.default_size),
        mime_type=str(picture.get("mime_type") or ""),
        search=search_of(request),
        thinking=str(config.get("thinking_level") or ""),
        system=str(request.get("system_instruction") or ""),
        seed="" if seed is None else str(seed),
    ).fitting()


def _model(name: str, offered: Sequence[Model]) -> Model | None:
    try:
        model = get_model(name.removeprefix("models/"))
    except CatalogError:
        return None
    return model if model in offered else None


def picture_of(request: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the picture's part of a request's `response_format`, and of the fields that said the same before it."""
    wanted = request.get("response_format")
    formats = wanted if isinstance(wanted, list) else [wanted]
    config = request.get("generation_config")
    older = config.get("image_config") if isinstance(config, dict) else None
    found: dict[str, Any] = dict(older) if isinstance(older, dict) else {}
    for each in formats:
        if isinstance(each, dict) and (each.get("type") == "image" or "aspect_ratio" in each or "image_size" in each):
            found |= {name: value for name, value in each.items() if value is not None}
    return found


def previous_of(request: Mapping[str, Any]) -> str:
    return str(request.get("previous_generation_id") or request.get("previous_interaction_id") or "")


def search_of(request: Mapping[str, Any]) -> tuple[str, ...]:
    """Returns the kinds of search that a request asks for."""
    kinds: list[str] = []
    for tool in request.get("tools") or ():
        if isinstance(tool, dict) and tool.get("type") == "google_search":
            kinds += [str(kind) for kind in tool.get("search_types") or (WEB,)]
    return tuple(dict.fromkeys(kinds))


def blocks_of(request: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Returns the texts, pictures and videos of the user in a request's input, in whatever shape it was sent."""
    return _blocks(request.get("input"))


def _blocks(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, str):
        return [{"type": "text", "text": value}]
    if isinstance(value, list):
        return [block for item in value for block in _blocks(item)]
    if not isinstance(value, dict):
        return []
    if "content" in value:
        of_user = value.get("type") in {None, "user_input"} and value.get("role", "user") == "user"
        return _blocks(value["content"]) if of_user else []
    return [{"type": "text", **value}] if "text" in value else [value]


def prompt_of(request: Mapping[str, Any]) -> str:
    """Returns what a request says in words, a template's prompt included."""
    return "\n\n".join(str(block.get("text", "")) for block in blocks_of(request) if block.get("type") == "text")


def references_of(request: Mapping[str, Any]) -> tuple[Reference, ...]:
    """Returns the pictures and videos of a request that the tenant keeps, none that Google fetched itself."""
    found: dict[str, Reference] = {}
    for block in blocks_of(request):
        id = str(block.get("output_id") or block.get("file_id") or "")
        known = ids.decode(ids.OUTPUT, id) or ids.decode(ids.FILE, id)
        if known is not None:
            role = str(block.get("role") or "")
            kind: Literal["image", "video"] = "video" if block.get("type") == "video" else "image"
            found.setdefault(id, Reference(id, role if role in ROLES else "", kind))
    return tuple(found.values())


def body_again(request: Mapping[str, Any], *, size: str) -> dict[str, Any]:
    """Returns a request that was kept as one to be sent again over the native API, at another size."""
    picture = {"type": "image", **{k: v for k, v in picture_of(request).items() if k in PICTURE}, "image_size": size}
    config = {k: v for k, v in (request.get("generation_config") or {}).items() if k in CONFIG}
    again: dict[str, Any] = {
        "model": request.get("model"),
        "input": request.get("input"),
        "response_format": [{"type": "text"}, picture],
    }
    for name in ("template", "tools", "system_instruction", *_COPIED):
        if request.get(name):
            again[name] = request[name]
    if previous := previous_of(request):
        again["previous_generation_id"] = previous
    if config:
        again["generation_config"] = config
    return again


PICTURE = ("aspect_ratio", "image_size", "mime_type")
CONFIG = (
    "thinking_level", "thinking_summaries", "temperature", "top_p", "seed", "max_output_tokens", "stop_sequences",
)  # fmt: skip
