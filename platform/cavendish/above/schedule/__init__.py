"""What the scheduler last did: a row for each of its tasks."""
