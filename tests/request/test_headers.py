"""Reading a header costs what the file is worth, whatever it is built of; and the size is the one that is displayed."""

from __future__ import annotations

import io
import time
import tracemalloc
from collections.abc import Sequence
from pathlib import Path

import pytest
from PIL import Image, ImageOps

from generations.request.headers import NotReadable, Size, Source, Truncated, read_header, read_source
from generations.request.headers.source import BYTES_PER_PART, FREE_PARTS, MAX_PIECE
from tests.request.helpers import picture
from tests.request.hostile_files import HOSTILE
from tests.request.media_files import (
    box,
    chunk,
    clap,
    exif,
    full_box,
    gif,
    heif,
    ipma,
    irot,
    ispe,
    jpeg,
    pitm,
    png,
    riff,
    segment,
    tiff,
)

MEGABYTES = 1_000_000


class Counted(io.BytesIO):
    """A file that counts what is read of it."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.reads = 0
        self.largest = 0

    def read(self, size: int | None = -1) -> bytes:
        piece = super().read(size)
        self.reads += 1
        self.largest = max(self.largest, len(piece))
        return piece


def outcome(file: io.BytesIO, mime_type: str) -> Size | str | None:
    try:
        return read_source(Source(file, len(file.getbuffer())), mime_type)
    except (NotReadable, Truncated) as error:
        return type(error).__name__


def shown(data: bytes, mime_type: str) -> Size | str | None:
    return outcome(io.BytesIO(data), mime_type)


@pytest.mark.parametrize("size", [MEGABYTES, 12 * MEGABYTES])
@pytest.mark.parametrize("name", HOSTILE)
def test_structure_costs_neither_memory_nor_time(name: str, size: int) -> None:
    make, mime_type, refused = HOSTILE[name]
    file = Counted(make(size))

    started = time.process_time()
    result = outcome(file, mime_type)
    taken = time.process_time() - started
    tracemalloc.start()
    try:
        assert outcome(Counted(file.getvalue()), mime_type) == result
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert isinstance(result, str) == refused
    # Each part is read once; looking for an end costs a few reads more, each a quarter of a megabyte.
    assert file.reads <= FREE_PARTS + len(file.getvalue()) // BYTES_PER_PART + 60
    assert file.largest <= 2 * MAX_PIECE
    assert peak - len(file.getvalue()) < 2 * MEGABYTES  # `Counted` copies the file
    assert taken < 1  # 10 to 60 ms are usual; Pillow took seconds


def test_many_parts_are_fine_where_the_file_is_as_long(tmp_path: Path) -> None:
    frames = box(b"moof", b"x" * 100) + box(b"mdat", b"y" * 20_000)
    path = tmp_path / "fragmented.mp4"
    path.write_bytes(box(b"ftyp", b"isom\0\0\0\0") + frames * 3000)

    assert read_header(path, "video/mp4") is None
    with pytest.raises(NotReadable):
        read_source(Source(io.BytesIO(box(b"moof", b"") * 9000), 72_000), "video/mp4")


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(
    ("format", "mime_type"), [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("TIFF", "image/tiff")]
)
def test_exif_turns_what_viewers_turn(format: str, mime_type: str, orientation: int) -> None:
    tags = Image.Exif()
    tags[0x0112] = orientation
    data = picture((64, 48), format, exif=tags)

    assert shown(data, mime_type) == ImageOps.exif_transpose(Image.open(io.BytesIO(data))).size
    assert shown(data, mime_type) == ((48, 64) if orientation > 4 else (64, 48))


@pytest.mark.parametrize(
    ("data", "mime_type", "size"),
    [
        (jpeg(64, 48, segment(0xE1, b"Exif\0\0" + exif(6, "<"))), "image/jpeg", (48, 64)),
        (jpeg(64, 48, segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x/>")), "image/jpeg", (64, 48)),
        # The first one counts, behind other segments, fill bytes and markers without a length.
        (
            jpeg(64, 48, segment(0xE0, b"JFIF\0"), b"\xff\xff\xff", segment(0xE1, b"Exif\0\0" + exif(8)), b"\xff\x01"),
            "image/jpeg",
            (48, 64),
        ),
        (jpeg(64, 48, *(segment(0xE1, b"Exif\0\0" + exif(turn)) for turn in (1, 6))), "image/jpeg", (64, 48)),
        # Broken EXIF says nothing.
        (jpeg(64, 48, segment(0xE1, b"Exif\0\0MM\0*\xff\xff\xff\xff")), "image/jpeg", (64, 48)),
        (jpeg(64, 48, segment(0xE1, b"Exif\0\0" + exif(6)[:20])), "image/jpeg", (64, 48)),
        (jpeg(64, 48, segment(0xE1, b"Exif\0\0" + exif(9))), "image/jpeg", (64, 48)),
        (png(64, 48, chunk(b"eXIf", exif(6))), "image/png", (48, 64)),
        # Behind the pixels no browser looks for it.
        (png().replace(chunk(b"IEND"), chunk(b"eXIf", exif(6)) + chunk(b"IEND")), "image/png", (64, 48)),
        # Neither Chrome nor Firefox turns a WebP.
        (picture(format="WEBP", exif=exif(6)), "image/webp", (64, 48)),
        # The first frame may be larger than the screen that the file names.
        (gif(64, 48, frame=(0, 0, 100, 80)), "image/gif", (100, 80)),
        (gif(64, 48, frame=(10, 10, 60, 20)), "image/gif", (70, 48)),
        (gif(0, 0, b"\x21\xf9\4\0\0\0\0\0", b"\x21\xfe\3abc\2de\0", frame=(0, 0, 30, 20)), "image/gif", (30, 20)),
        (gif(0, 0), "image/gif", "NotReadable"),
        (tiff([(256, 3, 1, 64), (257, 3, 1, 48)], order=">"), "image/tiff", (64, 48)),
        (tiff([(256, 4, 1, 64), (257, 4, 1, 48), (274, 3, 1, 5)]), "image/tiff", (48, 64)),
        (tiff([(256, 4, 1, 64)]), "image/tiff", "NotReadable"),
        (tiff([(256, 4, 1, 64), (257, 4, 1, 48), (273, 4, 1, 50), (279, 4, 1, 500)]), "image/tiff", "Truncated"),
        (riff(b"WEBP", (b"VP8X", b"\0" * 4 + b"\x3f\0\0" + b"\x2f\0\0")), "image/webp", (64, 48)),
    ],
)
def test_the_size_is_the_one_that_is_displayed(data: bytes, mime_type: str, size: Size | str) -> None:
    assert shown(data, mime_type) == size


def items(*entries: tuple[int, Sequence[int]], primary: int = 2, **options: bool) -> bytes:
    properties = ispe(512, 512) + ispe(4032, 3024) + irot(1) + clap((401, 1), (301, 1))
    table = ipma(entries, **options)
    return heif(meta=pitm(primary, options.get("wide_items", False)) + box(b"iprp", box(b"ipco", properties) + table))


# Each size was compared with what libheif 1.23 makes of a picture with these properties.
@pytest.mark.parametrize(
    ("data", "size"),
    [
        (heif(ispe(4032, 3024)), (4032, 3024)),
        (heif(ispe(4032, 3024), irot(0)), (4032, 3024)),
        (heif(ispe(4032, 3024), irot(2)), (4032, 3024)),
        (heif(ispe(4032, 3024), irot(1)), (3024, 4032)),
        (heif(ispe(4032, 3024), irot(3)), (3024, 4032)),
        (heif(ispe(4032, 3024), irot(1), irot(1)), (4032, 3024)),
        (heif(ispe(64, 64), clap((48, 1), (36, 1))), (48, 36)),
        (heif(ispe(402, 302), clap((401, 1), (301, 1), (-1, 2), (-1, 2))), (401, 301)),
        (heif(ispe(16, 16), clap((15 << 16, 1 << 16), (31, 2))), (15, 16)),
        (heif(ispe(64, 64), clap((48, 1), (36, 1)), irot(1)), (36, 48)),
        (heif(ispe(64, 48), irot(1), clap((20, 1), (60, 1))), (20, 60)),
        (heif(ispe(64, 48), clap((100, 1), (20, 1))), (64, 20)),
        (heif(ispe(64, 48), clap((0, 1), (20, 1))), "NotReadable"),
        (heif(ispe(64, 48), clap((10, 0), (20, 1))), "NotReadable"),
        (heif(irot(1)), None),
        # Only what the primary item has counts: not the tiles, not the thumbnail, not the turn of another.
        (items((1, [1, 3]), (2, [2])), (4032, 3024)),
        (items((2, [2, 3]), (1, [1])), (3024, 4032)),
        (items((2, [2, 4, 3])), (301, 401)),
        (items((2, [2, 4, 3]), wide_indexes=True), (301, 401)),
        (items((1, [1]), (70_000, [2, 3]), primary=70_000, wide_items=True), (3024, 4032)),
        (items((1, [1])), None),
        (items((2, [9, 2])), (4032, 3024)),
        (items((2, [])), None),
        (heif(meta=box(b"iprp", box(b"ipco", ispe(64, 48)) + ipma([(1, [1])]))), "NotReadable"),
        (heif(meta=pitm(2)), None),
        (heif(meta=b""), "NotReadable"),
        (heif(ispe(64, 48))[:100], "Truncated"),
        (heif(ispe(64, 48))[:-1], "Truncated"),
        (box(b"ftyp", b"heic\0\0\0\0") + box(b"mdat", b""), "NotReadable"),
        (box(b"ftyp", b"heic\0\0\0\0") + b"\0\0\0\4meta", "NotReadable"),
        (box(b"ftyp", b"heic\0\0\0\0") + full_box(b"meta", pitm(1)[:12]), "Truncated"),
    ],
)
def test_the_size_of_a_heif_is_that_of_its_primary_item(data: bytes, size: Size | str | None) -> None:
    assert shown(data, "image/heic") == size
    assert shown(data, "image/avif") == size
