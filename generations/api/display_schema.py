"""The shapes of displays and share links for OpenAPI."""

from __future__ import annotations

from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema_field
from rest_framework import serializers as s

from cavendish.http.schema import Page
from generations.api.schema import Citation, Grounding, Output
from generations.models import Status


class DisplayModel(s.Serializer[object]):
    id = s.CharField()
    name = s.CharField()


class Run(s.Serializer[object]):
    text = s.CharField()
    strong = s.BooleanField()
    sources = s.ListField(child=s.IntegerField(), help_text="Numbers of the sources that stand behind this piece.")


class DisplayText(s.Serializer[object]):
    type = s.ChoiceField(choices=["text"])
    text = s.CharField()
    runs = Run(many=True)
    citations = Citation(many=True)


class DisplayPicture(Output):
    """An output with its notice."""

    type = s.ChoiceField(choices=["image"])
    notice = s.CharField(help_text="To stand below the picture: AI, watermark, Content Credentials.")


@extend_schema_field(
    PolymorphicProxySerializer(
        component_name="DisplayBlock",
        serializers=[DisplayText, DisplayPicture],
        resource_type_field_name=None,
        many=True,
    )
)
class DisplayBlocks(s.JSONField):
    """Texts and pictures in their order."""


class DisplaySource(s.Serializer[object]):
    number = s.IntegerField()
    url = s.CharField(allow_null=True, help_text="The page that contains what was found, of pictures too.")
    title = s.CharField()
    host = s.CharField(allow_null=True)


class Display(s.Serializer[object]):
    """Every field is always present."""

    object = s.CharField()
    id = s.CharField()
    status = s.ChoiceField(choices=Status.choices)
    model = DisplayModel()
    created_at = s.DateTimeField()
    heading = s.CharField()
    message = s.CharField(allow_null=True, help_text="Of an end without success, in plain words.")
    blocks = DisplayBlocks()
    grounding = Grounding()
    sources = DisplaySource(many=True)
    suggestion_urls = s.ListField(child=s.CharField(), help_text="Each search suggestion as a document, for a frame.")
    page_url = s.CharField()
    html_url = s.CharField(help_text="Signed. `&theme=light` or `dark` can be added.")
    html_url_expires_at = s.DateTimeField()
    embed = s.CharField(help_text="HTML to paste into a page of one of the tenant's `frame_origins`.")


class ShareLink(s.Serializer[object]):
    id = s.CharField()
    object = s.CharField()
    generation_id = s.CharField()
    url = s.CharField(help_text="The page that shows the generation.")
    embed_url = s.CharField(help_text="The small page, for frames.")
    created_at = s.DateTimeField()
    expires_at = s.DateTimeField(allow_null=True)


class ShareLinkPage(Page):
    data = ShareLink(many=True)  # type: ignore[assignment]
