"""`/api/v1/models`: what each model can do, what it costs this tenant, and the guide's advice."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication.drf import principal
from accounts.authentication.parameters import Parameters
from cavendish.db.tenancy import tenant_context
from cavendish.http.schema import problems
from generations.api import model_schema as schema
from generations.api.representation import model_json
from generations.request.hints import model_missing
from generations.selectors import model_offered, models_offered


class ModelList(APIView):
    scopes = {"GET": "read"}

    @extend_schema(
        operation_id="models_list", responses={200: schema.ModelPage, **problems(401, 403, 422)}, tags=["models"]
    )
    def get(self, request: Request) -> Response:
        """The models that this key may use and the plan offers."""
        who = principal(request)
        Parameters(request).close()
        offered = models_offered(who)
        with tenant_context(who.tenant_id):
            shown = [model_json(model, who) for model in offered]
        return Response({"object": "list", "data": shown, "has_more": False, "next_cursor": None})


class ModelDetail(APIView):
    scopes = {"GET": "read"}

    @extend_schema(operation_id="models_get", responses={200: schema.Model, **problems(401, 403, 404)}, tags=["models"])
    def get(self, request: Request, model_id: str) -> Response:
        """Returns a model with its limits and prices."""
        who = principal(request)
        model = model_offered(who, model_id)
        if model is None:
            raise model_missing(model_id, models_offered(who))
        with tenant_context(who.tenant_id):
            return Response(model_json(model, who))
