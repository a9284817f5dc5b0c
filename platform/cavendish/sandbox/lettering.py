"""Draws the prompt and the sandbox's mark on a canvas."""

from __future__ import annotations

import threading
from functools import lru_cache

from PIL import ImageDraw, ImageFont

_LINES = 12
_LETTERS = 600
# Tried in this order for texts beyond Latin letters. None is included; where none is installed, boxes are drawn.
_WIDE_FONTS = (
    "NotoSansCJK-Regular.ttc",
    "NotoSansSC-Regular.otf",
    "SourceHanSansSC-Regular.otf",
    "wqy-microhei.ttc",
    "DroidSansFallbackFull.ttf",
    "PingFang.ttc",
    "msyh.ttc",
    "DejaVuSans.ttf",
)

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def write(pencil: ImageDraw.ImageDraw, size: tuple[int, int], text: str, mark: str, *, panel: int, ink: int) -> None:
    """Draws the prompt on a panel in the middle and the mark on one at the foot. What does not fit is cut with "…"."""
    width, height = size
    margin = max(4, min(size) // 24)
    room = (width - 4 * margin, height // 2)
    for letters, divisor, position in ((text, 18, "middle"), (mark, 30, "foot")):
        latin = all(ord(letter) < 0x250 for letter in letters)
        font = _font(max(10, min(size) // divisor), latin, threading.get_ident())
        step = int(getattr(font, "size", 10) * 1.3)
        lines = _wrap(letters, font, room[0], max(1, min(_LINES, room[1] // step)))
        wide = int(max((font.getlength(line) for line in lines), default=0))
        tall = step * len(lines)
        left = (width - wide) // 2
        top = (height - tall) // 2 if position == "middle" else height - tall - 2 * margin
        if lines:
            box = (left - margin, top - margin // 2, left + wide + margin, top + tall + margin // 2)
            pencil.rectangle(box, fill=panel)
        for number, line in enumerate(lines):
            pencil.text((left, top + number * step), line, fill=ink, font=font)


def _wrap(text: str, font: Font, width: int, max_lines: int) -> list[str]:
    words = "".join(letter if letter.isprintable() else " " for letter in text[:_LETTERS]).split()
    lines: list[str] = []
    line = ""
    for word in words:
        for part in _split(word, font, width):
            longer = f"{line} {part}".strip()
            if font.getlength(longer) <= width:
                line = longer
            else:
                lines.append(line)
                line = part
    lines.append(line)
    lines = [line for line in lines if line]
    if len(lines) > max_lines:
        lines = [*lines[: max_lines - 1], f"{lines[max_lines - 1][:-2]} …"]
    return lines


def _split(word: str, font: Font, width: int) -> list[str]:
    """Returns the word in parts that fit, for long words and for scripts without spaces."""
    if font.getlength(word) <= width:
        return [word]
    fits = max(1, int(len(word) * width / max(1.0, font.getlength(word)) * 0.9))
    return [word[start : start + fits] for start in range(0, len(word), fits)]


@lru_cache(maxsize=64)
def _font(size: int, latin: bool, thread: int) -> Font:
    """Returns a font for each thread: FreeType faces must not be shared between threads."""
    if not latin:
        for name in _WIDE_FONTS:
            try:
                return ImageFont.truetype(name, size, layout_engine=ImageFont.Layout.BASIC)
            except OSError:
                continue
    return ImageFont.load_default(size)
