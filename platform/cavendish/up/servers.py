"""Command lines of our ASGI servers, and the sandbox as a child, for `up` and for tests."""

from __future__ import annotations

import socket
from collections.abc import Sequence

from cavendish.up.children import Child, plain_environment
from cavendish.up.ports import accepts
from cavendish.up.probes import http_answers
from cavendish.up.services import Folders
from cavendish.up.supervisor import python


def serve(application: str, bound: Sequence[socket.socket], *options: str) -> list[str]:
    """Returns the command line of a server on sockets that it inherits; a second one is its own alone."""
    inherited = (word for each in bound for word in ("--fd", str(each.fileno())))
    return python("-m", "cavendish.up.serve", application, *inherited, *options)


def sandbox_child(folders: Folders, bound: socket.socket) -> Child:
    """Returns the sandbox on a bound socket. It gets no secret of the platform, as another company's server would."""
    host, port = bound.getsockname()[:2]
    return Child(
        "sandbox",
        serve("cavendish.sandbox.app:application", [bound], "--local", "--grace", "1"),
        folders.log("sandbox"),
        {**plain_environment("SANDBOX_", "CATALOG_FILE"), "SANDBOX_STATE_DIR": str(folders.data_dir / "sandbox")},
        pass_fds=(bound.fileno(),),
        stage=1,  # after the workers, whose last calls it serves
        grace=3.0,
        is_ready=lambda: accepts(host, port),
        answers=http_answers(port, "/", host=host),
    )
