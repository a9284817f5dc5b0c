"""Views whose POST, sent again with the same Idempotency-Key, is answered as the first time."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from enum import Enum
from functools import partial
from typing import Any, ClassVar

from django.http import HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.idempotency.keyed_request import KeyedRequest, keyed_request_begin, keyed_request_current

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
MAX_KEPT_BYTES = 64 * 1024
_RETRIED = frozenset({408, 409, 425, 429})
"""Statuses besides 5xx that ask for another try."""

Post = Callable[..., HttpResponseBase]


class Replay(Enum):
    """How the answer of a view's POST comes again."""

    REBUILT = "rebuilt"
    """`replay` makes it anew of what was made."""
    RERUN = "rerun"
    """The view runs again, and joins what was made instead of making it."""
    KEPT = "kept"
    """Nothing was made: the answer, small and without secrets, is kept."""


class IdempotentView(APIView):
    """A view that honours the header, once the request has proved whose it is and that it may.

    Only answers of what was done are given again: a refused request made nothing and is judged anew.
    """

    replays: ClassVar[Replay] = Replay.REBUILT

    def replay(self, request: Request, created_ids: Sequence[str], *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Returns the answer anew; `made` are the hexadecimal ids of what the first request made."""
        raise NotImplementedError

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        header = request.headers.get(HEADER)
        # An upload's bytes come without a key: their offset says which they are.
        if request.method == "POST" and header is not None and request.user is not None:
            handler: Any = self
            # DRF takes the handler from here, and places what it raises as it does for any other.
            handler.post = partial(self._post_once, handler.post, header)

    def _post_once(self, post: Post, header: str, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        owner: Any = request.user
        keyed = keyed_request_begin(owner=owner, request=request._request, header=header)
        if keyed.is_replay:
            with keyed_request_current(keyed):
                response = self._replayed(keyed, post, request, *args, **kwargs)
            response.headers[REPLAYED] = "true"
            return response
        try:
            with keyed_request_current(keyed):
                response = post(request, *args, **kwargs)
        except BaseException:
            keyed.forget()
            raise
        if keyed.is_done:
            return response
        kept = self._kept(response) if self.replays is Replay.KEPT else None
        retried = response.status_code in _RETRIED or response.status_code >= 500
        if retried or (self.replays is Replay.KEPT and kept is None):
            keyed.forget()
        else:
            keyed.end(kept)
        return response

    def _replayed(
        self, keyed: KeyedRequest, post: Post, request: Request, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        if self.replays is Replay.RERUN:
            return post(request, *args, **kwargs)
        if self.replays is Replay.KEPT and keyed.answer is not None:
            status, body = keyed.answer["status"], keyed.answer["body"]
            drf = keyed.answer["rendered"]
            return Response(body, status) if drf else JsonResponse(body, status=status)
        return self.replay(request, keyed.created_ids, *args, **kwargs)

    def _kept(self, response: HttpResponseBase) -> dict[str, Any] | None:
        """Returns the answer to be kept; None for one that is too large, which is made anew each time."""
        rendered = isinstance(response, Response)
        if isinstance(response, Response):
            text = JSONRenderer().render(response.data)
        else:
            assert isinstance(response, HttpResponse)
            text = response.content
        if len(text) > MAX_KEPT_BYTES:
            return None
        return {"status": response.status_code, "rendered": rendered, "body": json.loads(text)}
