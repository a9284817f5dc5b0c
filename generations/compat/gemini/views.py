"""Views whose errors are Google's."""

from __future__ import annotations

from typing import Any

from rest_framework.views import set_rollback

from accounts.authentication.drf import GoogleKeyAuthentication
from accounts.idempotency import IdempotentView
from cavendish.http.problems import problem_of
from generations.compat.gemini.errors import GOOGLE


class GoogleView(IdempotentView):
    authentication_classes = (GoogleKeyAuthentication,)
    schema = None  # Google documents these addresses; our OpenAPI document is that of the native API

    def handle_exception(self, exc: Exception) -> Any:
        problem = problem_of(exc)
        if problem is None:
            return super().handle_exception(exc)
        set_rollback()
        return GOOGLE.response(problem, self.request.path)
