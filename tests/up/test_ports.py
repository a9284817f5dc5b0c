from __future__ import annotations

import socket

import pytest

from cavendish.up.errors import UpError
from cavendish.up.ports import LOCAL, accepts, authority, bound_socket, free_port


def test_a_port_is_kept_while_it_is_free() -> None:
    port = free_port()
    assert free_port(port) == port
    assert free_port(port, avoid=(port,)) != port
    with bound_socket(LOCAL, port) as taken:
        taken.listen()
        assert free_port(port) != port


def test_a_taken_port_is_said_with_the_way_out() -> None:
    with bound_socket(LOCAL, 0) as holder:
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(UpError, match=rf"^Port {port} is in use by another program\. .*PORT={port + 1} make run$"):
            bound_socket(LOCAL, port)


def test_a_bound_socket_refuses_until_it_listens() -> None:
    with bound_socket(LOCAL, 0) as bound:
        port = bound.getsockname()[1]
        assert not accepts(LOCAL, port)
        bound.listen()
        assert accepts(LOCAL, port)
        with socket.create_connection((LOCAL, port)):
            pass


def test_an_address_stands_in_a_url_as_urls_have_it() -> None:
    assert authority("::1", 80) == "[::1]:80"
    assert authority("127.0.0.1", 80) == "127.0.0.1:80"
