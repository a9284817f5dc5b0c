"""A job's story, as its tenant and its operators read it."""
