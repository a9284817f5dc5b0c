"""The child that stands in for Google: used by `up` and, alone, by the tests."""

from __future__ import annotations

import socket

from cavendish.up.children import Child, plain_environment
from cavendish.up.ports import accepts
from cavendish.up.services import Folders
from cavendish.up.supervisor import python


def serve(application: str, bound: socket.socket, *options: str) -> list[str]:
    """The command line of a server on a socket that is handed down."""
    return python("-m", "cavendish.up.serve", application, "--fd", str(bound.fileno()), *options)


def sandbox_child(folders: Folders, bound: socket.socket) -> Child:
    """The sandbox on a bound socket. It gets no secret of the platform: it stands for a stranger's server."""
    host, port = bound.getsockname()[:2]
    return Child(
        "sandbox",
        serve("cavendish.sandbox.app:application", bound, "--local", "--grace", "1"),
        folders.log("sandbox"),
        {**plain_environment("SANDBOX_"), "SANDBOX_STATE_DIR": str(folders.data_dir / "sandbox")},
        pass_fds=(bound.fileno(),),
        stage=1,  # ends after the workers, whose last calls it answers
        grace=3.0,
        is_ready=lambda: accepts(host, port),
    )
