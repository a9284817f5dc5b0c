"""The console's frame, and what leads in and out of it."""
