"""Background work: the broker's queues, what failed in them, and the scheduler's tasks."""
