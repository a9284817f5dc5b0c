"""Settings from the environment, and what must hold before a process starts."""
