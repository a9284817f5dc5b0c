"""Files that are what they say, and files that are not."""

from __future__ import annotations

import hashlib
import struct
import time
import zlib
from pathlib import Path

import pytest
from PIL import Image

from cavendish.http.problems import FieldError, Problem
from generations.request import Dialect, Kind, MediaInfo, inputs_check, media_check, request_parse
from tests.request.helpers import FLASH, inline, picture, read, spilled
from tests.request.media_files import box, clap, heif, irot, ispe, movie

EXIF = Image.Exif()
EXIF[0x0112] = 6

PICTURES = {
    "png": (picture(), "image/png", (64, 48)),
    "palette png": (picture(format="PNG", bits=4), "image/png", (64, 48)),
    "jpeg": (picture(format="JPEG"), "image/jpeg", (64, 48)),
    "progressive jpeg": (picture(format="JPEG", progressive=True), "image/jpeg", (64, 48)),
    "turned jpeg": (picture(format="JPEG", exif=EXIF), "image/jpeg", (48, 64)),
    "jpeg with a movie behind": (picture(format="JPEG") + movie(), "image/jpeg", (64, 48)),
    "gif": (picture(format="GIF"), "image/gif", (64, 48)),
    "bmp": (picture(format="BMP"), "image/bmp", (64, 48)),
    "tiff": (picture(format="TIFF"), "image/tiff", (64, 48)),
    "packed tiff": (picture(format="TIFF", compression="tiff_deflate"), "image/tiff", (64, 48)),
    "webp": (picture(format="WEBP"), "image/webp", (64, 48)),
    "lossless webp": (picture((301, 17), "WEBP", lossless=True), "image/webp", (301, 17)),
    "extended webp": (picture(format="WEBP", exif=EXIF), "image/webp", (64, 48)),
    "heic": (heif(ispe(4032, 3024)), "image/heic", (4032, 3024)),
    "turned heic": (heif(ispe(4032, 3024), irot(1)), "image/heic", (3024, 4032)),
    "cut and turned heic": (heif(ispe(64, 64), clap((48, 1), (36, 1)), irot(3)), "image/heic", (36, 48)),
    "heif": (heif(ispe(4032, 3024), brand=b"mif1"), "image/heif", (4032, 3024)),
}


def check(
    directory: Path, data: bytes, declared: str | None = None, kind: Kind | None = "image", dialect: Dialect = "native"
) -> MediaInfo:
    return media_check(spilled(directory, data), declared=declared, kind=kind, dialect=dialect, pointer="/input/1")


def error_of(directory: Path, data: bytes, declared: str | None = None, kind: Kind | None = "image") -> FieldError:
    with pytest.raises(Problem) as caught:
        check(directory, data, declared, kind)
    assert caught.value.status == 422
    (error,) = caught.value.errors
    return error


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_are_recognised(name: str, tmp_path: Path) -> None:
    data, mime_type, size = PICTURES[name]

    assert check(tmp_path, data) == MediaInfo(mime_type, *size, len(data), hashlib.sha256(data).hexdigest())


def test_a_path_is_hashed(tmp_path: Path) -> None:
    data = picture()
    path = spilled(tmp_path, data).path

    assert media_check(path, declared="image/png", kind=None) == check(tmp_path, data)


@pytest.mark.parametrize("name", [name for name in PICTURES if name != "jpeg with a movie behind"])
def test_pictures_that_end_early_are_refused(name: str, tmp_path: Path) -> None:
    data, mime_type, _ = PICTURES[name]
    for keep in (len(data) - 3, len(data) * 2 // 3):
        error = error_of(tmp_path, data[:keep])
        assert error.pointer == "/input/1/data"
        # A header that is cut cannot be told from a broken one, and TIFF has its header at the end.
        cut_header = mime_type == "image/tiff" or keep < len(data) * 0.9
        assert error.code in ({"truncated", "not_an_image"} if cut_header else {"truncated"})
        assert mime_type in error.detail


def test_a_thumbnail_inside_does_not_hide_that_the_picture_is_cut(tmp_path: Path) -> None:
    whole = picture((800, 600), "JPEG")
    thumbnail = picture((16, 16), "JPEG")
    app = b"\xff\xef" + struct.pack(">H", len(thumbnail) + 2) + thumbnail
    data = whole[:2] + app + whole[2:]

    assert check(tmp_path, data).width == 800
    assert error_of(tmp_path, data[: len(data) // 2]).code == "truncated"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"hello world" * 9, "no known type"),
        (b"%PDF-1.7\n" + b"x" * 99, "application/pdf"),
        (b"<?xml version='1.0'?><svg xmlns='x'/>", "image/svg+xml"),
        (b"\n<!DOCTYPE html><html>", "text/html"),
        (box(b"ftyp", b"avif\0\0\0\0mif1") + b"x" * 50, "image/avif"),
        (movie(), "video/mp4"),
        (b"RIFF\x10\0\0\0WAVEfmt ", "audio/wav"),
        (b"BM", "no known type"),
        (b"\x89PNG\r\n\x1a\n" + b"garbage" * 20, "begins like image/png"),
        (b"\xff\xd8\xff" + b"garbage" * 20, "begins like image/jpeg"),
        (b"GIF89a", "begins like image/gif"),
        (b"II*\0" + b"\xff" * 40, "begins like image/tiff"),
        (b"RIFF\x10\0\0\0WEBPnope" + b"x" * 40, "begins like image/webp"),
        (box(b"ftyp", b"heic\0\0\0\0"), "begins like image/heic"),
    ],
)
def test_what_is_no_picture_is_refused(data: bytes, words: str, tmp_path: Path) -> None:
    error = error_of(tmp_path, data)

    assert (error.pointer, error.code) == ("/input/1/data", "not_an_image")
    assert words in error.detail


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    assert error_of(tmp_path, b"").code == "empty"


def test_a_lying_type_is_refused_natively_and_corrected_for_sdks(tmp_path: Path) -> None:
    data = picture(format="JPEG")
    error = error_of(tmp_path, data, "image/png")

    assert (error.pointer, error.code) == ("/input/1/mime_type", "mime_type_mismatch")
    assert error.detail == 'It is declared as "image/png", but the bytes are image/jpeg; use image/jpeg.'
    assert check(tmp_path, data, "image/png", dialect="interactions").mime_type == "image/jpeg"


@pytest.mark.parametrize(
    ("data", "declared"),
    [
        (PICTURES["jpeg"][0], "image/jpg"),
        (PICTURES["jpeg"][0], "IMAGE/JPEG; q=1"),
        (PICTURES["heic"][0], "image/heif"),
        (PICTURES["heif"][0], "image/heic"),
    ],
)
def test_other_names_of_the_same_type_are_no_lie(data: bytes, declared: str, tmp_path: Path) -> None:
    assert check(tmp_path, data, declared).bytes == len(data)


def test_a_model_may_take_fewer_types(tmp_path: Path) -> None:
    with pytest.raises(Problem) as caught:
        media_check(spilled(tmp_path, picture(format="GIF")), declared=None, kind="image", allowed=("image/png",))
    assert [(error.code, error.detail) for error in caught.value.errors] == [
        ("not_supported", "image/gif is not taken; use image/png.")
    ]


def test_a_bomb_is_refused_by_its_header(tmp_path: Path) -> None:
    chunk = b"IHDR" + struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    start = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    data = start + picture()[33:]

    error = error_of(tmp_path, data)
    assert error.code == "too_many_pixels"
    assert "60000 × 60000 pixels; at most 200 million" in error.detail


@pytest.mark.parametrize(
    ("data", "mime_type"),
    [
        (movie(), "video/mp4"),
        (movie(b"qt  "), "video/mov"),
        (movie(b"3gp4"), "video/3gpp"),
        (box(b"mdat", b"x" * 90) + box(b"moov", b"x"), "video/mov"),
        (b"\x1a\x45\xdf\xa3\x9fB\x86\x81\x01B\x82\x84webm" + b"x" * 90, "video/webm"),
        (b"RIFF" + struct.pack("<I", 96) + b"AVI " + b"x" * 92, "video/avi"),
        (b"\x00\x00\x01\xba" + b"x" * 90, "video/mpeg"),
        (b"FLV\x01" + b"x" * 90, "video/x-flv"),
        (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11" + b"x" * 90, "video/wmv"),
    ],
)
def test_videos_are_recognised(data: bytes, mime_type: str, tmp_path: Path) -> None:
    info = check(tmp_path, data, kind="video")

    assert (info.mime_type, info.width, info.height) == (mime_type, None, None)
    assert check(tmp_path, data, kind=None).mime_type == mime_type


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (movie()[:200], "truncated"),
        (movie()[:-5], "truncated"),
        (box(b"ftyp", b"isom\0\0\0\0"), "not_a_video"),
        (b"RIFF" + struct.pack("<I", 5000) + b"AVI " + b"x" * 92, "truncated"),
        (b"\x1a\x45\xdf\xa3\x9fB\x86\x81\x01B\x82\x88matroska", "not_a_video"),
        (picture(), "not_a_video"),
    ],
)
def test_what_is_no_video_is_refused(data: bytes, code: str, tmp_path: Path) -> None:
    assert error_of(tmp_path, data, kind="video").code == code


def test_all_inline_data_of_a_draft_is_checked_at_once(tmp_path: Path) -> None:
    blocks = [
        {"type": "image", "data": inline(data), "mime_type": "image/png"}
        for data in (picture(), b"no picture", picture(format="JPEG"), picture()[:-20])
    ]
    parsed = request_parse(read(tmp_path, {"model": FLASH, "input": ["a", *blocks]}))

    with pytest.raises(Problem) as caught:
        inputs_check(parsed)
    assert [(error.pointer, error.code) for error in caught.value.errors] == [
        ("/input/2/data", "not_an_image"),
        ("/input/3/mime_type", "mime_type_mismatch"),
        ("/input/4/data", "truncated"),
    ]


def test_good_inline_data_is_answered_by_pointer(tmp_path: Path) -> None:
    body = {"model": FLASH, "input": ["a", {"type": "image", "data": inline(picture()), "mime_type": "image/png"}]}

    (info,) = inputs_check(request_parse(read(tmp_path, body))).items()
    assert (info[0], info[1].width, info[1].height) == ("/input/1", 64, 48)


def test_a_large_picture_is_not_decoded(tmp_path: Path) -> None:
    data = picture((2000, 1500))
    source = spilled(tmp_path, data)
    started = time.perf_counter()
    for _ in range(20):
        media_check(source, declared="image/png", kind="image")
    # Decoding it once would take 50 ms.
    assert (time.perf_counter() - started) / 20 < 0.02
