"""`/api/v1/tenants/{tenant_id}/generations/{generation_id}`: a tenant's job, for operators."""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.authentication.drf import actor
from accounts.authentication.operators import OperatorView
from accounts.authentication.parameters import Parameters, tenant_of
from accounts.idempotency import Replay
from accounts.roles.operators import OperatorPermission
from cavendish.db import ids
from cavendish.http.json_body import body_of
from cavendish.http.problems import not_found
from cavendish.http.schema import problems
from generations.jobs import schema
from generations.jobs.representation import content_json, job_json
from generations.jobs.selectors import job_timeline
from generations.jobs.services import content_show, job_cancel, job_run_again


class TenantJobDetail(OperatorView):
    operator_permissions = {"GET": OperatorPermission.VIEW}

    @extend_schema(
        operation_id="tenants_generations_get",
        responses={200: schema.Job, **problems(401, 403, 404, 422)},
        tags=["operators"],
    )
    def get(self, request: Request, tenant_id: str, generation_id: str) -> Response:
        """Returns a tenant's job: what happened, each call upstream, its money. No prompt, answer or picture."""
        Parameters(request).close()
        return Response(_job(tenant_of(tenant_id), _generation_of(generation_id)))


class TenantJobCancel(OperatorView):
    operator_permissions = {"POST": OperatorPermission.JOBS}
    replays = Replay.RERUN

    @extend_schema(
        operation_id="tenants_generations_cancel",
        request=schema.JobReason,
        responses={200: schema.Job, **problems(400, 401, 403, 404, 409, 422)},
        tags=["operators"],
    )
    def post(self, request: Request, tenant_id: str, generation_id: str) -> Response:
        """Cancels a tenant's job. A queued one ends at once, a running one when its worker has let go."""
        tenant, row_id = tenant_of(tenant_id), _generation_of(generation_id)
        reason = body_of(request, schema.JobReason)["reason"]
        job_cancel(tenant_id=tenant, generation_id=row_id, reason=reason, actor=actor(request))
        return Response(_job(tenant, row_id))


class TenantJobRunAgain(OperatorView):
    operator_permissions = {"POST": OperatorPermission.JOBS}
    replays = Replay.RERUN

    @extend_schema(
        operation_id="tenants_generations_run_again",
        request=schema.JobReason,
        responses={201: schema.Job, **problems(400, 401, 402, 403, 404, 409, 410, 422, 429)},
        tags=["operators"],
    )
    def post(self, request: Request, tenant_id: str, generation_id: str) -> Response:
        """Submits a failed job's request once more, for the tenant and at its cost. Returns the new job.

        A job is run again once: whoever asks again gets the same one.
        """
        tenant = tenant_of(tenant_id)
        reason = body_of(request, schema.JobReason)["reason"]
        row_id = _generation_of(generation_id)
        new = job_run_again(tenant_id=tenant, generation_id=row_id, reason=reason, actor=actor(request))
        shown = _job(tenant, new)
        return Response(shown, 201, headers={"Location": f"/api/v1/tenants/{tenant_id}/generations/{shown['id']}"})


class TenantJobContent(OperatorView):
    operator_permissions = {"POST": OperatorPermission.CONTENT}
    replays = Replay.RERUN

    @extend_schema(
        operation_id="tenants_generations_content",
        request=schema.JobReason,
        responses={200: schema.JobContent, **problems(400, 401, 403, 404, 410, 422)},
        tags=["operators"],
    )
    def post(self, request: Request, tenant_id: str, generation_id: str) -> Response:
        """Returns prompt, answer and pictures of a tenant's job. That, and why, stands in the tenant's audit log."""
        reason = body_of(request, schema.JobReason)["reason"]
        content = content_show(
            tenant_id=tenant_of(tenant_id),
            generation_id=_generation_of(generation_id),
            reason=reason,
            actor=actor(request),
        )
        return Response(content_json(content), headers={"Cache-Control": "no-store"})


def _job(tenant_id: UUID, generation_id: UUID) -> dict[str, object]:
    timeline = job_timeline(generation_id)
    if timeline is None or timeline.belongs_to.tenant_id != tenant_id:
        raise not_found()
    return job_json(timeline)


def _generation_of(public: str) -> UUID:
    generation_id = ids.decode(ids.GENERATION, public)
    if generation_id is None:
        raise not_found()
    return generation_id
