"""Settings of the section "The upstream" of docs/configuration.md."""

from __future__ import annotations

from cavendish.boot.declared.addresses import HttpUrl
from cavendish.boot.declared.kinds import File, Listed, Name, Text, Whole
from cavendish.boot.declared.setting import ALL, UP, WEB, WORKER, Example, Process, Setting

SECTION = "The upstream"
SETTINGS = [
    Setting(
        name="GEMINI_API_KEYS",
        kind=Listed(Text(), "keys separated by commas"),
        shown="none: the sandbox stands in",
        about="Google's API keys",
        meaning=(
            "Google's keys, separated by commas. One that is limited or refused is left out for a while; a "
            "conversation stays on the key it began with"
        ),
        read_by=ALL,
        is_secret=True,
        example=Example("", note="Without it every job goes to SANDBOX_URL, live ones too, and those are billed."),
    ),
    Setting(
        name="GEMINI_BASE_URL",
        kind=HttpUrl("an address like https://generativelanguage.googleapis.com", path=True),
        shown="Google's, with keys; else SANDBOX_URL",
        about="Address that speaks the Gemini API",
        meaning="Another address that speaks the Gemini API",
        read_by=ALL,
    ),
    Setting(
        name="SANDBOX_URL",
        kind=HttpUrl("an address like http://127.0.0.1:8100", path=True),
        shown="started by `up`",
        about="Where test keys' jobs go",
        meaning=(
            "Where test keys' jobs go. Workers do not start without it: test jobs are not billed, so they "
            "must never reach Google"
        ),
        read_by=ALL,
        needed_by=WORKER,
        example=Example(
            "http://127.0.0.1:8100", note="Where test keys go. Start a sandbox there: cavendish-sandbox.service."
        ),
    ),
    Setting(
        name="GEMINI_BACKGROUND_MODELS",
        kind=Listed(Name(), "names of models, or *"),
        about="Models that are asked in the background",
        meaning=(
            "Models that are asked with `background=true`, or `*`: a worker that dies then finds the job by "
            "its id instead of buying the picture again. Google does not say whether the image models take "
            "it; try it before you set it. The sandbox is always asked so"
        ),
        read_by=ALL,
    ),
    Setting(
        name="GEMINI_BATCH_SERVICE_TIER",
        kind=Name("a tier like flex"),
        about="service_tier of batches' items",
        meaning=(
            "`service_tier` that items of batches are sent with, for example `flex`, if your Google account "
            "takes it for the image models. Then they cost you, and your tenants, the batch price; else the "
            "standard one"
        ),
        read_by=ALL,
    ),
    Setting(
        name="GEMINI_CONNECT_TIMEOUT",
        kind=Whole(1, 600),
        default="10",
        about="Seconds to connect to the upstream",
        meaning="Seconds to connect",
        read_by=WORKER,
    ),
    Setting(
        name="GEMINI_READ_TIMEOUT",
        kind=Whole(1, 3600),
        default="180",
        about="Seconds without a byte until a call has failed",
        meaning="Seconds without a byte until a call has failed",
        read_by=WORKER,
    ),
    Setting(
        name="GENERATION_DEADLINE",
        kind=Whole(1, 604_800),
        default="600",
        about="Seconds from acceptance until a generation fails",
        meaning=(
            "Seconds from acceptance until a generation fails with `deadline_exceeded`, waiting in the queue included"
        ),
        read_by=ALL,
    ),
    Setting(
        name="GENERATION_MAX_TRIES",
        kind=Whole(1, 100),
        default="4",
        about="Calls for one generation, over all its attempts",
        meaning="Calls for one generation, over all its attempts",
        read_by=WORKER,
    ),
    Setting(
        name="IMAGEN_SUCCESSOR",
        kind=Name("the name of a model"),
        default="gemini-3.1-flash-image",
        about="Model that answers callers of Imagen",
        meaning=(
            "The model that answers callers of Imagen (`models/imagen-…:predict`), which Google shuts down. "
            "It is billed as itself, and the answer's `Warning` header names it"
        ),
        read_by=WEB,
    ),
    Setting(
        name="CATALOG_FILE",
        kind=File(),
        about="File of models that are changed, added or retired",
        meaning=(
            "A TOML file with models that you change, add or retire, over the shipped ones: "
            "[Models](models.md#a-file-of-your-own). It counts for the sandbox too"
        ),
        read_by=(*UP, *ALL, Process.SANDBOX),
    ),
    Setting(
        name="MODEL_ALIASES",
        kind=Listed(Text(), "pairs like old-name=gemini-3-pro-image"),
        shown="Google's preview names",
        about="Further names of models",
        meaning=(
            "Further names of models, like `old-name=gemini-3-pro-image`, separated by commas: "
            "[Models](models.md#further-names)"
        ),
        read_by=ALL,
    ),
]
