"""Runs Python samples, one after the other, in a process of their own: `run_samples.py <jobs.json>`.

A job is {"folder": where it runs, "sources": [sources that share one namespace], "names": {name: value of it}}.
Prints {folder: "" or the error} as JSON in its last line.
"""

from __future__ import annotations

import base64
import io
import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any

from google import genai
from PIL import Image


def show(image: Image.Image, title: str | None = None) -> None:
    """In place of opening a viewer."""
    image.save("shown.png")


def run(job: dict[str, Any]) -> str:
    names: dict[str, Any] = {"__name__": "__main__", **job["names"]}
    if "image_bytes" in names:
        names["image_bytes"] = base64.b64decode(names["image_bytes"])
    if not job["whole"]:
        names |= {"client": genai.Client(), "base64": base64, "io": io, "Image": Image}
    os.chdir(job["folder"])
    try:
        for source in job["sources"]:
            exec(compile(source, "sample", "exec"), names)
    except Exception as error:
        traceback.print_exc()
        return f"{type(error).__name__}: {error}"
    return ""


if __name__ == "__main__":
    setattr(Image.Image, "show", show)  # noqa: B010
    jobs = json.loads(Path(sys.argv[1]).read_text())
    results = {job["folder"]: run(job) for job in jobs}
    sys.stdout.write("\n" + json.dumps(results) + "\n")
