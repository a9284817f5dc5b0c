"""Languages of a prompt, told by its script: those that are written alike are not told apart."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable

MAX_FOREIGN = 0.5
"""The part of a prompt's letters that may be of other scripts: names, and words that a picture is to show."""

# The script of a letter is how its name in Unicode begins.
SCRIPTS: dict[str, tuple[str, ...]] = {
    "Latn": ("LATIN", "FULLWIDTH LATIN"),
    "Cyrl": ("CYRILLIC",),
    "Grek": ("GREEK",),
    "Armn": ("ARMENIAN",),
    "Geor": ("GEORGIAN",),
    "Hebr": ("HEBREW",),
    "Arab": ("ARABIC",),
    "Deva": ("DEVANAGARI",),
    "Beng": ("BENGALI",),
    "Guru": ("GURMUKHI",),
    "Gujr": ("GUJARATI",),
    "Orya": ("ORIYA",),
    "Taml": ("TAMIL",),
    "Telu": ("TELUGU",),
    "Knda": ("KANNADA",),
    "Mlym": ("MALAYALAM",),
    "Sinh": ("SINHALA",),
    "Thai": ("THAI",),
    "Laoo": ("LAO",),
    "Khmr": ("KHMER",),
    "Mymr": ("MYANMAR",),
    "Tibt": ("TIBETAN",),
    "Ethi": ("ETHIOPIC",),
    "Hani": ("CJK", "IDEOGRAPHIC", "KANGXI"),
    "Hira": ("HIRAGANA",),
    "Kana": ("KATAKANA", "HALFWIDTH KATAKANA"),
    "Hang": ("HANGUL", "HALFWIDTH HANGUL"),
}
_LATIN = (
    "af", "az", "bs", "ca", "cs", "cy", "da", "de", "en", "es", "et", "eu", "fi", "fil", "fr", "ga", "gl", "hr", "hu",
    "id", "is", "it", "lb", "lt", "lv", "ms", "mt", "nl", "no", "pl", "pt", "ro", "sk", "sl", "sq", "sv", "sw", "tr",
    "uz", "vi", "zu",
)  # fmt: skip
LANGUAGES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(_LATIN, ("Latn",)),
    **dict.fromkeys(("be", "bg", "kk", "ky", "mk", "mn", "ru", "sr", "tg", "uk"), ("Cyrl",)),
    **dict.fromkeys(("ar", "fa", "ps", "ur"), ("Arab",)),
    **dict.fromkeys(("hi", "mr", "ne"), ("Deva",)),
    "el": ("Grek",),
    "hy": ("Armn",),
    "ka": ("Geor",),
    "he": ("Hebr",),
    "bn": ("Beng",),
    "pa": ("Guru",),
    "gu": ("Gujr",),
    "or": ("Orya",),
    "ta": ("Taml",),
    "te": ("Telu",),
    "kn": ("Knda",),
    "ml": ("Mlym",),
    "si": ("Sinh",),
    "th": ("Thai",),
    "lo": ("Laoo",),
    "km": ("Khmr",),
    "my": ("Mymr",),
    "bo": ("Tibt",),
    "am": ("Ethi",),
    "zh": ("Hani",),
    "ja": ("Hani", "Hira", "Kana"),
    "ko": ("Hang", "Hani"),
}
"""ISO 639-1 codes (and fil) with their scripts (ISO 15924)."""
NAMES = (*sorted(LANGUAGES), *sorted(SCRIPTS))


def foreign_share(text: str, names: Iterable[str]) -> float:
    """Returns which part of the text's letters is of no script of these languages (or scripts); 0 without letters."""
    scripts = {script for name in names for script in LANGUAGES.get(name, (name,))}
    allowed = tuple(prefix for script in scripts for prefix in SCRIPTS[script])
    letters = foreign = 0
    for char, count in Counter(text).items():
        if char.isalpha():
            letters += count
            foreign += 0 if unicodedata.name(char, "").startswith(allowed) else count
    return foreign / letters if letters else 0.0
