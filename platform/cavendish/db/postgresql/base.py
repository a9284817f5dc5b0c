"""Django's backend, whose pool asks PostgreSQL only about connections that have something to say.

`ConnectionPool.check_connection` is a round trip for each request. A server that ends a connection closes its socket,
which the kernel knows: one system call, and a round trip only where something is to be read.
"""

from __future__ import annotations

import select
from typing import Any

from django.db.backends.postgresql import base
from psycopg import Connection, OperationalError
from psycopg_pool import ConnectionPool


class DatabaseWrapper(base.DatabaseWrapper):
    def get_new_connection(self, conn_params: dict[str, Any]) -> Connection[Any]:
        """Raises PoolTimeout, an OperationalError, where the pool has none that is alive in its time."""
        while True:
            connection: Connection[Any] = super().get_new_connection(conn_params)
            if self.pool is None or alive(connection):
                return connection
            # The pool makes another one in the place of a closed one.
            connection.close()
            self.pool.putconn(connection)


def alive(connection: Connection[Any]) -> bool:
    """Returns whether the server still holds the connection, as far as this machine has heard."""
    heard = select.poll()
    try:
        heard.register(connection.pgconn.socket, select.POLLIN)
        # An end, or what means nothing: a parameter that changed, a notice, a ticket of TLS.
        if heard.poll(0):
            ConnectionPool.check_connection(connection)
    except OperationalError:
        return False
    return True
