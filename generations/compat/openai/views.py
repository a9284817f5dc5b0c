"""Views whose errors are OpenAI's."""

from __future__ import annotations

from typing import Any

from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated
from rest_framework.views import set_rollback

from accounts.idempotency import IdempotentView
from cavendish.http.problems import problem_of
from generations.compat.openai.errors import OPENAI


class OpenAIView(IdempotentView):
    """Base of the views of this API. The key is a bearer token, as `ApiKeyAuthentication` reads it."""

    schema = None  # OpenAI documents these addresses; our OpenAPI document is that of the native API

    def handle_exception(self, exc: Exception) -> Any:
        if isinstance(exc, NotAuthenticated | AuthenticationFailed):
            exc.auth_header = self.get_authenticate_header(self.request)  # type: ignore[union-attr]
        problem = problem_of(exc)
        if problem is None:
            return super().handle_exception(exc)
        set_rollback()
        return OPENAI.response(problem, self.request.path)
