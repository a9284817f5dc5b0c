"""`python -m cavendish.up.healthcheck`: whether the process of this container is alive, by its exit code.

Asks /livez at HEALTH_PORT where one is set (workers, the scheduler), else at PORT (web, 8000 by default).
"""

from __future__ import annotations

import http.client
import os
import sys

TIMEOUT = 5.0


def main() -> None:
    port = int(os.environ.get("HEALTH_PORT") or os.environ.get("PORT") or 8000)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    try:
        connection.request("GET", "/livez")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        sys.exit(f"/livez at port {port} gives no answer: {error}")
    finally:
        connection.close()
    if status != http.HTTPStatus.OK:
        sys.exit(f"/livez at port {port} answers {status}.")


if __name__ == "__main__":
    main()
