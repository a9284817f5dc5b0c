"""OpenAPI shapes of jobs as operators and tenants read them, and the body of what operators do with one."""

from __future__ import annotations

from rest_framework import serializers as s

from cavendish.http.json_body import Body, Text
from cavendish.http.shapes import ANY_OBJECT, NUMBER, TEXT, TEXTS, Shaped, listed, obj
from generations.jobs.steps import StepKind
from generations.jobs.timeline import SegmentKind
from generations.models import Status


class JobReason(Body):
    reason = Text(max_length=500, help_text="Why. The tenant reads it in its audit log.")


class JobStep(s.Serializer[object]):
    kind = s.ChoiceField(choices=[kind.value for kind in StepKind])
    at = s.DateTimeField()
    since = s.FloatField(help_text="Seconds since the step before.")
    facts = Shaped(ANY_OBJECT, help_text="What is known of it; its fields depend on `kind`.")


class JobSegment(s.Serializer[object]):
    kind = s.ChoiceField(choices=[kind.value for kind in SegmentKind])
    started_at = s.DateTimeField()
    seconds = s.FloatField()
    share = s.FloatField(help_text="Of all its time, up to 1.")
    call = s.IntegerField(allow_null=True, help_text="The number of the call.")


class Job(s.Serializer[object]):
    """A tenant's job, without prompts, answers and pictures. Amounts are strings; what is not known yet is null."""

    id = s.CharField()
    object = s.CharField()
    status = s.ChoiceField(choices=Status.choices)
    livemode = s.BooleanField()
    created_at = s.DateTimeField()
    started_at = s.DateTimeField(allow_null=True)
    finished_at = s.DateTimeField(allow_null=True)
    seconds = s.FloatField(help_text="From its acceptance to its end, or until now.")
    attempts = s.IntegerField(help_text="How often a worker claimed it.")
    calls = s.IntegerField(help_text="How often the upstream was called.")
    worker = s.CharField(help_text="The one that has it, or had it last.")
    upstream_id = s.CharField()
    upstream_host = s.CharField()
    upstream_key = s.CharField(help_text="The fingerprint of the key.")
    error_code = s.CharField()
    steps = JobStep(many=True)
    segments = JobSegment(many=True)
    money = Shaped(
        obj({"currency": TEXT, "held": TEXT, "lines": listed(ANY_OBJECT)}),
        help_text="`held` − `went_back` = `charged`; `charged` − `cost` = `margin`; `lines` sum to `charged`.",
    )
    request = Shaped(ANY_OBJECT, help_text="What was asked for, without its content.")
    belongs_to = Shaped(ANY_OBJECT)
    content = Shaped(ANY_OBJECT, help_text="Whether it is erased, and who looked at it.")
    outputs = Shaped(listed(ANY_OBJECT))
    deliveries = Shaped(listed(ANY_OBJECT), help_text="Of webhooks about it.")
    can_cancel = s.BooleanField()
    can_run_again = s.BooleanField()


class JobTimeline(s.Serializer[object]):
    """What happened to a generation. Amounts are strings; what is not known yet is null."""

    id = s.CharField()
    object = s.CharField()
    status = s.ChoiceField(choices=Status.choices)
    livemode = s.BooleanField()
    created_at = s.DateTimeField()
    started_at = s.DateTimeField(allow_null=True)
    finished_at = s.DateTimeField(allow_null=True)
    seconds = s.FloatField(help_text="From its acceptance to its end, or until now.")
    attempts = s.IntegerField(help_text="How often it was started.")
    calls = s.IntegerField(help_text="How often Google was called.")
    error_code = s.CharField()
    steps = JobStep(many=True)
    segments = JobSegment(many=True, help_text="Where its seconds went, without a gap.")
    money = Shaped(
        obj({"currency": TEXT, "held": TEXT, "lines": listed(ANY_OBJECT)}),
        help_text="`held` − `went_back` = `charged`; `lines` sum to `charged`.",
    )
    deliveries = Shaped(listed(ANY_OBJECT), help_text="Of webhooks about it, to keys with the scope `webhooks`.")


class JobContent(s.Serializer[object]):
    id = s.CharField()
    object = s.CharField()
    prompt = Shaped(listed(ANY_OBJECT), help_text="Texts, and files as far as they are kept, in their order.")
    system_instruction = s.CharField(allow_blank=True)
    answer = s.ListField(child=s.CharField())
    thoughts = s.ListField(child=s.CharField())
    outputs = Shaped(
        listed(obj({"output_id": TEXT, "url": TEXT, "preview_url": TEXT, "width": NUMBER, "height": NUMBER})),
        help_text="Pictures, with signed addresses that last for a quarter of an hour.",
    )
    metadata = Shaped(TEXTS)
