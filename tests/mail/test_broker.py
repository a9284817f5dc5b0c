from __future__ import annotations

import dramatiq

from cavendish.mail.tasks import mail_send
from generations.tasks import doorbell


def test_actors_are_our_brokers() -> None:
    """One that is imported before the broker is set would send to Dramatiq's default, and wait for it for seconds."""
    broker = dramatiq.get_broker()
    for actor in (mail_send, doorbell):
        assert actor.broker is broker
        assert actor.actor_name in broker.actors
