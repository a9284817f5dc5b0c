"""Who the twelve tenants are: sizes, habits, people, keys and plans. Ages are days before the demo was made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

FLASH = "gemini-3.1-flash-image"
LITE = "gemini-3.1-flash-lite-image"
PRO = "gemini-3-pro-image"
OLD = "gemini-2.5-flash-image"

MIXED = {FLASH: 60, LITE: 24, PRO: 13, OLD: 3}
SIZES = {"512": 8, "1K": 66, "2K": 20, "4K": 6}

OFFICE = (1, 1, 1, 1, 1, 2, 6, 18, 44, 72, 84, 80, 60, 74, 88, 84, 72, 52, 28, 14, 8, 5, 3, 2)
SHOP = (10, 7, 5, 4, 4, 6, 12, 24, 40, 52, 58, 62, 60, 58, 60, 62, 60, 58, 60, 64, 62, 50, 32, 18)
NIGHT = (34, 26, 18, 12, 8, 6, 6, 8, 14, 24, 34, 42, 46, 48, 50, 54, 58, 62, 68, 76, 84, 82, 70, 52)
"""How busy each hour of a tenant's local day is."""


@dataclass(frozen=True)
class PlanProfile:
    """A plan and the mark-up of its versions: in percent, from so many days ago."""

    slug: str
    name: str
    markups: tuple[tuple[int, int], ...]
    allowed_models: tuple[str, ...] | None = None


PLANS = (
    PlanProfile("starter", "Starter", ((540, 60), (48, 55)), (FLASH, LITE, OLD)),
    PlanProfile("studio", "Studio", ((540, 45), (200, 42), (48, 40))),
    PlanProfile("scale", "Scale", ((540, 30), (48, 33))),
)


@dataclass(frozen=True)
class KeyProfile:
    """An API key, and its share of the tenant's jobs in its mode. `person` is the place of its member."""

    name: str
    age: int
    share: int = 0
    livemode: bool = True
    person: int | None = None
    revoked: int | None = None
    jobs_in_flight: int | None = None


@dataclass(frozen=True)
class Profile:
    """A tenant. `share` is its part of all jobs, `growth` how busy its last day is compared with the first."""

    slug: str
    name: str
    zone: str
    plan: str
    share: float
    people: tuple[tuple[str, str, str], ...]
    """Name, the part of the address before the @, role; the first one owns the tenant."""
    keys: tuple[KeyProfile, ...]
    growth: float = 1.0
    hours: tuple[int, ...] = OFFICE
    weekend: float = 0.45
    models: Mapping[str, int] = field(default_factory=lambda: MIXED)
    sizes: Mapping[str, int] = field(default_factory=lambda: SIZES)
    failures: float = 0.005
    age: int = 300
    active_from: int = 10_000
    active_until: int = 0
    """Jobs came only between these ages."""
    kept: int = 30
    """How many of the newest jobs still have their pictures."""
    language: str = "en"
    tag: str = ""
    """The metadata key by which its usage is summed."""
    is_invoiced: bool = False
    terms_days: int = 14
    tax_rate: Decimal | None = None
    tax_label: str = ""
    address: str = ""
    parts: tuple[str, ...] = ()
    """The address for e-invoices: line, postal code, city, country, and the region where it has one."""
    credit: int = 0
    """Credit given when its jobs began, in whole units of the currency; a trial has nothing else."""
    is_trial: bool = False
    suspended: tuple[int, str] | None = None
    retention_days: int | None = None

    @property
    def postal_address(self) -> dict[str, str]:
        return dict(zip(("line1", "postal_code", "city", "country", "region"), self.parts, strict=False))

    @property
    def domain(self) -> str:
        return f"{self.slug}.example.com"


PROFILES = (
    Profile(
        "acme", "Acme Studio", "Europe/Berlin", "studio", 25,
        (("Mara Lindqvist", "owner", "owner"), ("Jonas Weber", "jonas", "developer"),
         ("Aiko Tanaka", "aiko", "billing"), ("Sam Osei", "sam", "viewer"), ("Lena Fuchs", "lena", "admin")),
        (KeyProfile("storefront", 264, 58), KeyProfile("lookbook-batch", 190, 28),
         KeyProfile("Lena's scripts", 80, 14, person=4), KeyProfile("ci", 402, 1, livemode=False),
         KeyProfile("intern 2025", 420, revoked=230), KeyProfile("new website", 6)),
        growth=1.7, age=520, kept=60, tag="campaign", address="Oranienstraße 25\n10999 Berlin\nGermany",
        parts=("Oranienstraße 25", "10999", "Berlin", "DE"),
    ),
    Profile(
        "globex", "Globex Retail", "America/New_York", "scale", 18,
        (("Walter Hank", "owner", "owner"), ("Priya Raman", "priya", "admin"), ("Tom Ellery", "tom", "billing")),
        (KeyProfile("catalog", 300, 74), KeyProfile("ads", 160, 26), KeyProfile("staging", 290, 1, livemode=False)),
        growth=0.95, hours=SHOP, weekend=0.8, failures=0.007, age=470, kept=36, is_invoiced=True, terms_days=30,
        models={FLASH: 48, LITE: 44, PRO: 6, OLD: 2}, address="200 Commerce Street\nAlbany, NY 12207\nUSA",
        parts=("200 Commerce Street", "12207", "Albany", "US", "NY"),
    ),
    Profile(
        "fable", "Fable Games", "America/Los_Angeles", "scale", 14,
        (("Iris Calloway", "iris", "owner"), ("Ben Achterberg", "ben", "developer"),
         ("Noor Haddad", "noor", "developer")),
        (KeyProfile("concept-art", 240, 70), KeyProfile("textures", 150, 30),
         KeyProfile("sandbox", 200, 1, livemode=False)),
        growth=1.15, hours=NIGHT, weekend=0.75, failures=0.009, age=410, kept=44, is_invoiced=True,
        models={FLASH: 52, LITE: 10, PRO: 37, OLD: 1}, sizes={"512": 4, "1K": 48, "2K": 32, "4K": 16},
        address="88 Cannery Row\nMonterey, CA 93940\nUSA",
        parts=("88 Cannery Row", "93940", "Monterey", "US", "CA"),
    ),
    Profile(
        "yunshang", "云上画坊", "Asia/Shanghai", "studio", 13,
        (("林晓云", "lin", "owner"), ("陈浩", "chen", "developer"), ("王琳", "wang", "billing")),
        (KeyProfile("小程序", 130, 80), KeyProfile("活动海报", 70, 20), KeyProfile("测试", 128, 1, livemode=False)),
        growth=2.4, hours=SHOP, weekend=1.15, age=134, kept=40, language="zh", address="上海市徐汇区淮海中路 1010 号",
        parts=("徐汇区淮海中路 1010 号", "200031", "上海市", "CN"),
    ),
    Profile(
        "northwind", "Northwind Prints", "Europe/London", "studio", 10,
        (("Edith Marlow", "edith", "owner"), ("Callum Price", "callum", "developer")),
        (KeyProfile("print shop", 280, 90), KeyProfile("proofs", 120, 10), KeyProfile("dev", 260, 1, livemode=False)),
        growth=1.05, age=380, kept=30, credit=20, sizes={"1K": 40, "2K": 42, "4K": 18},
        address="14 Harbour Lane\nBristol BS1 4RB\nUnited Kingdom",
        parts=("14 Harbour Lane", "BS1 4RB", "Bristol", "GB"),
    ),
    Profile(
        "brightside", "Brightside Ads", "America/Chicago", "studio", 7,
        (("Dana Kowalski", "dana", "owner"), ("Miguel Santos", "miguel", "developer")),
        (KeyProfile("campaigns", 210, 100), KeyProfile("test", 205, 1, livemode=False)),
        growth=0.5, age=330, kept=24, address="310 W Lake Street\nChicago, IL 60606\nUSA",
        parts=("310 W Lake Street", "60606", "Chicago", "US", "IL"),
    ),
    Profile(
        "lumen", "Lumen Learning", "Europe/Paris", "studio", 4.5,
        (("Claire Dubois", "claire", "owner"), ("Hugo Martin", "hugo", "developer"), ("Inès Roy", "ines", "viewer")),
        (KeyProfile("worksheets", 190, 85, jobs_in_flight=20), KeyProfile("Hugo", 90, 15, person=1),
         KeyProfile("essais", 188, 1, livemode=False)),
        growth=1.3, weekend=0.15, age=250, kept=24, tag="subject", models={FLASH: 70, LITE: 26, PRO: 4},
        address="8 rue des Écoles\n75005 Paris\nFrance",
        parts=("8 rue des Écoles", "75005", "Paris", "FR"),
    ),
    Profile(
        "kite", "Kite Travel", "Asia/Singapore", "starter", 1.0,
        (("Mei Tan", "mei", "owner"), ("Arjun Pillai", "arjun", "developer")),
        (KeyProfile("site", 13, 100), KeyProfile("try out", 13, 1, livemode=False)),
        growth=1.6, failures=0.02, age=13, active_from=12, kept=22, credit=25, is_trial=True,
        models={FLASH: 66, LITE: 34},
    ),
    Profile(
        "oakline", "Oakline Furniture", "America/Denver", "starter", 2.6,
        (("Ruth Oakley", "ruth", "owner"), ("Pete Novak", "pete", "developer")),
        (KeyProfile("rooms", 170, 100), KeyProfile("test", 170, 1, livemode=False)),
        weekend=0.6, age=230, kept=20, models={FLASH: 58, LITE: 39, OLD: 3}, retention_days=365,
    ),
    Profile(
        "harbor", "Harbor Homes", "Australia/Sydney", "scale", 2.9,
        (("Olivia Hart", "olivia", "owner"), ("Jack Nguyen", "jack", "billing")),
        (KeyProfile("listings", 200, 100), KeyProfile("uat", 200, 1, livemode=False)),
        growth=1.1, age=290, kept=20, is_invoiced=True, terms_days=7, tax_rate=Decimal(10), tax_label="GST",
        address="5 Wharf Road\nSydney NSW 2000\nAustralia",
        parts=("5 Wharf Road", "2000", "Sydney", "AU", "NSW"),
    ),
    Profile(
        "vela", "Vela Cosmetics", "Asia/Seoul", "studio", 1.9,
        (("Kim Seo-yeon", "seoyeon", "owner"), ("Park Ji-hoon", "jihoon", "developer")),
        (KeyProfile("shop", 150, 100), KeyProfile("test", 150, 1, livemode=False)),
        growth=0.8, age=220, active_until=9, kept=12,
        suspended=(9, "Pictures of real people without their consent; waiting for an answer"),
    ),
    Profile(
        "bluebird", "Bluebird Press", "Europe/Dublin", "starter", 0.02,
        (("Niamh Byrne", "niamh", "owner"),),
        (KeyProfile("first key", 1, 100), KeyProfile("first test key", 1, 1, livemode=False)),
        age=2, active_from=1, kept=6, models={FLASH: 1}, sizes={"1K": 1},
    ),
)  # fmt: skip

FAILING = "acme"
"""Whose jobs fail since an hour ago."""
TEST_SHARE = 0.04
"""Of each tenant's jobs: those of test keys."""
