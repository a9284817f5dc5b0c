"""Smaller pictures: what they look like, that each is made once, and that they go with their output."""

from __future__ import annotations

import io
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import connections
from PIL import Image, ImageCms, PngImagePlugin
from pytest_django import Settings

from accounts.models import StorageUse, Tenant
from cavendish.db.ids import new_id
from cavendish.db.router import acting_as
from cavendish.db.tenancy import tenant_context
from cavendish.http.problems import Problem
from cavendish.storage import objects
from generations.derivatives import services
from generations.derivatives.lanes import LaneLimits, Lanes, LanesFull
from generations.derivatives.scaling import picture_scale
from generations.derivatives.services import derivative_get
from generations.derivatives.sizes import FORMATS, MAX_PIXELS, WIDTHS, derived_size, preview_widths
from generations.errors import PictureUnreadable, TooManyDerivatives
from generations.models import Derivative, Output
from generations.reconcile.jobs import jobs_checks
from generations.services import generation_delete
from tests.factories import make_tenant, queue_clear, submit_generation
from tests.generations.helpers import claim_one, finish, register, rows, succeeded

PROMPT = b"zanzibar77"


def drawn(width: int = 700, height: int = 500, format: str = "PNG", mode: str = "RGB") -> bytes:
    """A picture that carries what must not be passed on, and a colour profile."""
    picture = Image.linear_gradient("L").resize((width, height)).convert(mode)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    info = PngImagePlugin.PngInfo()
    info.add_text("prompt", PROMPT.decode())
    exif = Image.Exif()
    exif[0x010E] = PROMPT.decode()
    more = {"pnginfo": info} if format == "PNG" else {}
    file = io.BytesIO()
    picture.save(file, format, icc_profile=profile, exif=exif, **more)
    assert PROMPT in file.getvalue()
    return file.getvalue()


def stored(tenant: Tenant, data: bytes, *, width: int = 700, height: int = 500, mime_type: str = "image/png") -> Output:
    queue_clear()
    submit_generation(tenant)
    job = claim_one(register())
    id = new_id()
    key = f"tenants/{tenant.id.hex}/outputs/{job.id.hex}/{id.hex}"
    result = succeeded(job)
    result["outputs"] = [
        {"id": str(id), "part": "output", "index": 0, "mime_type": mime_type, "width": width, "height": height,
         "bytes": len(data), "sha256": "0" * 64, "tokens": 1120, "c2pa": False, "sandbox": True, "storage_key": key}
    ]  # fmt: skip
    assert finish(job, result) == "ended"
    path = objects().local_path(key)
    assert path is not None
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    with tenant_context(tenant.id):
        output: Output = Output.objects.get(id=id)
    return output


def get(output: Output) -> Derivative:
    """In a thread of its own."""
    try:
        return derivative_get(output, format="webp", width=256)
    finally:
        connections.close_all()


def bytes_of(key: str) -> bytes:
    return b"".join(objects().read(key))


def folder_of(tenant: Tenant) -> list[str]:
    return [stored.key for stored in objects().listing(f"tenants/{tenant.id.hex}/")]


@pytest.mark.parametrize("source", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("format", FORMATS)
def test_it_is_smaller_and_carries_a_profile_and_nothing_else(tmp_path: Path, source: str, format: str) -> None:
    path = tmp_path / "x"
    path.write_bytes(drawn(format=source))
    data = picture_scale(path, format=format, width=256)
    picture = Image.open(io.BytesIO(data))
    assert (picture.size, Image.MIME[str(picture.format)]) == ((256, 183), FORMATS[format])
    assert PROMPT not in data
    assert not picture.getexif()
    assert picture.info.get("icc_profile")


def test_what_is_transparent_stays_so_or_is_white(tmp_path: Path) -> None:
    path = tmp_path / "x"
    Image.new("RGBA", (300, 300)).save(path, "PNG")
    assert Image.open(io.BytesIO(picture_scale(path, format="webp", width=256))).getpixel((9, 9)) == (0,) * 4
    assert Image.open(io.BytesIO(picture_scale(path, format="jpeg", width=256))).getpixel((9, 9)) == (255, 255, 255)


@pytest.mark.parametrize(
    ("pixels", "requested", "size"),
    [
        ((4096, 4096), 512, (512, 512)),
        ((5504, 3072), 1024, (1024, 572)),
        ((400, 300), 512, (400, 300)),  # never more than there is
        ((1536, 12288), 512, (512, 4096)),
        ((1536, 12288), 1536, (543, 4344)),  # bounded
    ],
)
def test_sizes(pixels: tuple[int, int], requested: int, size: tuple[int, int]) -> None:
    assert derived_size(*pixels, requested=requested) == size
    assert size[0] * size[1] <= MAX_PIXELS * 1.001


def test_previews_are_the_widths_at_which_it_differs() -> None:
    assert preview_widths(4096, 4096) == list(WIDTHS)
    assert preview_widths(600, 600) == [256, 512]
    assert preview_widths(100, 100) == [256]
    assert preview_widths(1536, 12288) == [256, 512]


def test_it_is_made_once_counted_and_gone_with_its_output(monkeypatch: pytest.MonkeyPatch) -> None:
    tenant = make_tenant()
    original = drawn()
    output = stored(tenant, original)
    made: list[str] = []

    def counted(path: Path, *, format: str, width: int) -> bytes:
        made.append(format)
        time.sleep(0.2)
        return picture_scale(path, format=format, width=width)

    monkeypatch.setattr(services, "picture_scale", counted)
    with ThreadPoolExecutor(6) as pool:
        got = list(pool.map(lambda _: get(output), range(6)))
    assert made == ["webp"]
    assert len({row.id for row in got}) == 1
    row = derivative_get(output, format="webp", width=256)
    assert made == ["webp"]
    assert (len(bytes_of(row.storage_key)), bytes_of(output.storage_key)) == (row.bytes, original)
    with acting_as("operator"):
        assert StorageUse.objects.get(tenant=tenant).bytes == output.bytes + row.bytes
    [check] = [check for check in jobs_checks() if check.name == "storage"]
    assert rows("operator", check.sql.replace("%(tenant)s", "%s"), tenant.id, tenant.id) == []

    assert generation_delete(tenant_id=tenant.id, generation_id=output.generation_id, livemode=True)
    assert folder_of(tenant) == []
    with acting_as("operator"):
        assert StorageUse.objects.get(tenant=tenant).bytes == 0
        assert not Derivative.objects.filter(tenant=tenant).exists()


def test_an_output_that_goes_meanwhile_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    tenant = make_tenant()
    output = stored(tenant, drawn())

    def beaten(path: Path, *, format: str, width: int) -> bytes:
        data = picture_scale(path, format=format, width=width)
        generation_delete(tenant_id=tenant.id, generation_id=output.generation_id, livemode=True)
        return data

    monkeypatch.setattr(services, "picture_scale", beaten)
    with pytest.raises(Problem) as refused:
        derivative_get(output, format="webp", width=256)
    assert refused.value.status == 404
    assert folder_of(tenant) == []


@pytest.mark.parametrize(
    ("data", "width"),
    [
        (b"\x89PNG\r\n\x1a\n" + b"nonsense" * 20, 700),
        (b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>", 700),
        (drawn(), 300_000),  # a bomb, by the header that was read when it came
    ],
)
def test_what_cannot_be_scaled_is_refused_and_stores_nothing(data: bytes, width: int) -> None:
    tenant = make_tenant()
    output = stored(tenant, data, width=width)
    with pytest.raises(PictureUnreadable):
        derivative_get(output, format="webp", width=512)
    assert folder_of(tenant) == [output.storage_key]


def test_one_tenants_many_requests_do_not_starve_another(settings: Settings) -> None:
    lanes: Lanes[str] = Lanes(LaneLimits(lanes=1, requests=12, requests_per_owner=8))
    begun, go, order = threading.Event(), threading.Event(), []

    def work(name: str) -> str:
        begun.set()
        go.wait(10)
        order.append(name)
        return name

    def ask(owner: str, number: int) -> str:
        return lanes.run(owner, (owner, number), lambda: work(f"{owner}{number}"))

    with ThreadPoolExecutor(12) as pool:
        waiting = [pool.submit(ask, "a", 0)]
        assert begun.wait(5)
        for owner, number in [*(("a", number) for number in range(1, 8)), ("b", 0)]:
            waiting.append(pool.submit(ask, owner, number))
            until = time.monotonic() + 5
            while lanes._open.total() < len(waiting) or sum(map(len, lanes._turns.values())) < len(waiting) - 1:
                assert time.monotonic() < until
                time.sleep(0.001)
        with pytest.raises(LanesFull):
            ask("a", 8)
        go.set()
        assert [future.result(10) for future in waiting][-1] == "b0"
    assert order.index("b0") <= 2
    assert lanes._free == 1
    assert not lanes._open


def test_a_tenant_with_too_many_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    tenant = make_tenant()
    output = stored(tenant, drawn())
    full: Lanes[Derivative] = Lanes(LaneLimits(lanes=1, requests=9, requests_per_owner=0))
    monkeypatch.setattr(services, "lanes", lambda: full)
    with pytest.raises(TooManyDerivatives) as refused:
        derivative_get(output, format="webp", width=256)
    assert refused.value.headers["Retry-After"]
