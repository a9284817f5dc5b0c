"""The texts that the sandbox answers with: always the same length, so that tokens can be foretold."""

from __future__ import annotations

import base64
import hashlib
import html
from typing import Any
from urllib.parse import quote_plus

TEXT_BYTES = 128
"""Every text block has exactly this many bytes of UTF-8: 32 tokens by the published rule."""

_FILLER = " Every text in the sandbox has the same length, so that the cost of an answer is known before it comes" * 2
_SIGNATURE_BYTES = 768
_SIGNATURE_SALT = b"cavendish sandbox thought signature"

# Laid out like the snippet that Google sends: one style element, one container with a chip for each query.
_SNIPPET = """<style>
.container {{ align-items: center; border-radius: 8px; display: flex; font-family: Google Sans, Roboto, sans-serif;
  font-size: 14px; line-height: 20px; padding: 8px 12px; }}
.chip {{ display: inline-block; border: solid 1px; border-radius: 16px; min-width: 14px; padding: 5px 16px;
  text-align: center; user-select: none; margin: 0 8px; text-decoration: none; }}
.carousel {{ overflow: auto; scrollbar-width: none; white-space: nowrap; margin-right: -12px; }}
.headline {{ display: flex; margin-right: 4px; }}
@media (prefers-color-scheme: light) {{
  .container {{ background-color: #fafafa; box-shadow: 0 0 0 1px #0000000f; }}
  .chip {{ background-color: #ffffff; border-color: #d2d2d2; color: #5e5e5e; }}
}}
@media (prefers-color-scheme: dark) {{
  .container {{ background-color: #1f1f1f; box-shadow: 0 0 0 1px #ffffff26; }}
  .chip {{ background-color: #2c2c2c; border-color: #3c4043; color: #fff; }}
}}
</style>
<div class="container">
  <div class="headline"><svg width="18" height="18" viewBox="9 9 35 35" fill="none" aria-label="Cavendish sandbox">
    <circle cx="26" cy="26" r="16" stroke="#4285F4" stroke-width="4"/></svg></div>
  <div class="carousel">
    <a class="chip" href="https://www.google.com/search?q={query_url}">{query}</a>
  </div>
</div>
"""

# Letters and emojis of two to four bytes stand before and within what is cited, so that an offset into the UTF-8, as
# the upstream gives it, is never the offset of the character.
_LEAD = "À propos 🍌:"
_CITED = {
    "web_search": ("The web agrees on the café 🌍.", "https://example.org/sandbox/{slug}", "example.org"),
    "image_search": (
        "Pictures – naïve ones 🎨 – agree.",
        "https://pictures.example.com/{slug}",
        "pictures.example.com",
    ),
}


def paragraph(lead: str) -> str:
    """`lead` made up to TEXT_BYTES of UTF-8, ending in a full stop."""
    return (lead + _FILLER).encode()[: TEXT_BYTES - 1].rpartition(b" ")[0].ljust(TEXT_BYTES, b".").decode()


def caption(index: int, count: int) -> str:
    return paragraph("Here is your picture." if count == 1 else f"Part {index + 1} of {count}.")


def answer_text() -> str:
    return paragraph("This is the sandbox's answer in text.")


def cited_text(search_types: tuple[str, ...], query: str) -> dict[str, Any]:
    """A text block with one citation for each kind of search. Offsets are UTF-8 bytes, end exclusive."""
    text = paragraph(" ".join([_LEAD, *(_CITED[kind][0] for kind in search_types)]))
    raw = text.encode()
    slug = quote_plus(query.lower())
    annotations = []
    for kind in search_types:
        sentence, url, title = _CITED[kind]
        cited = sentence.encode()
        start = raw.index(cited)
        annotations.append(
            {
                "type": "url_citation",
                "url": url.format(slug=slug),
                "title": title,
                "start_index": start,
                "end_index": start + len(cited),
            }
        )
    return {"type": "text", "text": text, "annotations": annotations}


def search_query(prompt: str, search_type: str) -> str:
    words = " ".join(prompt.split()[:8])[:100] or "untitled"
    return f"{words} pictures" if search_type == "image_search" else words


def search_suggestions(query: str) -> str:
    """The HTML that has to be shown beside a grounded answer, verbatim."""
    return _SNIPPET.format(query=html.escape(query), query_url=quote_plus(query))


def thought_text(prompt: str) -> str:
    subject = " ".join(prompt.split()[:12])[:160] or "the request"
    return (
        f"**Composing the picture**\n\nThe subject is: {subject}. I try a calm composition with one centre first, look "
        "at the balance of light and shade, and then draw the final picture from it.\n"
    )


def signature(seed: str) -> str:
    """Base64 that has to come back verbatim; `is_signature` finds a changed byte."""
    body = b""
    while len(body) < _SIGNATURE_BYTES:
        body += hashlib.sha512(f"{seed}:{len(body)}".encode()).digest()
    return base64.b64encode(body + _seal(body)).decode()


def is_signature(text: str) -> bool:
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError:
        return False
    return raw[-32:] == _seal(raw[:-32])


def _seal(body: bytes) -> bytes:
    return hashlib.sha256(_SIGNATURE_SALT + body).digest()
