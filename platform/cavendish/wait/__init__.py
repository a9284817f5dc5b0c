"""The thin ASGI layer in front of Django: waits, server-sent events, downloads, and limits on what comes in.

Django keeps a thread per open request. So a view never waits: it answers at once and says in a response header what the
client is waiting for, and this layer, which holds a future and nothing else, does the rest.
"""

from cavendish.wait.layer import Options, WaitLayer

__all__ = ["Options", "WaitLayer"]
