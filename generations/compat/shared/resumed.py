"""Addresses whose GET is the second half of their POST."""

from __future__ import annotations

from rest_framework.exceptions import MethodNotAllowed
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.authentication.drf import resumed_by_wait_layer


class ResumedByGet(APIView):
    """Base of views that the layer in front asks with GET for the answer of a client whose wait is over.

    For everybody else there is no GET, and nobody is told of one.
    """

    hidden_methods = frozenset({"GET", "HEAD"})

    @property
    def allowed_methods(self) -> list[str]:
        return [method for method in super().allowed_methods if method not in self.hidden_methods]

    def check_resumed(self, request: Request) -> None:
        """Raises MethodNotAllowed where a client asks."""
        if not resumed_by_wait_layer(request):
            raise MethodNotAllowed(request.method or "GET")
