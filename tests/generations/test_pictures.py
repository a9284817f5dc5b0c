"""What came back is told by its bytes: size and type of a picture, or that it is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from generations.work.pictures import NotAPicture, picture_read
from tests.request.helpers import picture, spilled
from tests.request.media_files import gif, heif, ispe, jpeg, movie, png


@pytest.mark.parametrize(
    ("data", "mime_type", "size"),
    [
        (png(1200, 896), "image/png", (1200, 896)),
        (jpeg(1200, 896), "image/jpeg", (1200, 896)),
        (picture(format="WEBP"), "image/webp", (64, 48)),
        (gif(64, 48), "image/gif", (64, 48)),
        (picture((300, 200))[:-20], "image/png", (300, 200)),  # cut: what there is of it is given on
    ],
)
def test_a_picture_is_read_by_its_bytes(data: bytes, mime_type: str, size: tuple[int, int], tmp_path: Path) -> None:
    read = picture_read(spilled(tmp_path, data))

    assert (read.mime_type, (read.width, read.height), read.bytes) == (mime_type, size, len(data))
    assert not read.c2pa


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"no picture", "10 bytes that are no picture"),
        (b"", "0 bytes that are no picture"),
        (png()[:20], "20 bytes that are no image/png"),
        (b"\x89PNG\r\n\x1a\n" + b"garbage" * 20, "148 bytes that are no image/png"),
        (movie(), "a picture of an unexpected type, video/mp4"),
        (heif(ispe(64, 48)), "a picture of an unexpected type, image/heic"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n", "bytes that are no picture"),
    ],
)
def test_what_is_none_is_refused(data: bytes, words: str, tmp_path: Path) -> None:
    with pytest.raises(NotAPicture, match=words):
        picture_read(spilled(tmp_path, data))
