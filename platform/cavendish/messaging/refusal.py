"""Brokers and Valkeys that refuse us, seen when a process starts."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from cavendish.messaging.addresses import redis_url

SECONDS = 2.0


def broker_refusal(url: str) -> str:
    """Returns why the server of a URL will never let us in, empty where it does, or does not answer now."""
    if url.startswith("amqp"):
        return _rabbitmq_refusal(url)
    return _valkey_refusal(redis_url(url))


def _valkey_refusal(url: str) -> str:
    try:
        once = Retry(NoBackoff(), 0)
        with redis.Redis.from_url(url, socket_timeout=SECONDS, socket_connect_timeout=SECONDS, retry=once) as client:
            client.ping()
    except redis.exceptions.BusyLoadingError:
        return ""
    except redis.exceptions.AuthenticationError:
        return "user or password are wrong, or missing"
    except redis.exceptions.ResponseError as error:
        # "DB index is out of range", "NOPERM …": of what we sent only the number of the database may be in it.
        return str(error).removeprefix("ERR ").rstrip(".")
    except redis.exceptions.ConnectionError as error:
        cause = error.__cause__ or error.__context__
        return f"it does not speak TLS as asked ({cause.reason})" if isinstance(cause, ssl.SSLError) else ""
    except (redis.exceptions.RedisError, OSError):
        return ""
    return ""


def _rabbitmq_refusal(url: str) -> str:
    import pika  # which Valkey's users need not have

    try:
        parameters = pika.URLParameters(url)
        parameters.socket_timeout = parameters.blocked_connection_timeout = parameters.stack_timeout = SECONDS
        with _unheard("pika"):
            pika.BlockingConnection(parameters).close()
    except (pika.exceptions.ProbableAuthenticationError, pika.exceptions.AuthenticationError):
        return "user or password are wrong"
    except pika.exceptions.ProbableAccessDeniedError:
        return "there is no such virtual host, or the user may not enter it"
    except (pika.exceptions.AMQPError, OSError, ValueError):
        return ""
    return ""


@contextmanager
def _unheard(name: str) -> Iterator[None]:
    """That a server is away is said by whoever needs it."""
    logger = logging.getLogger(name)
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(level)
