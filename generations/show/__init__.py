"""How jobs, outputs and files are shown: JSON, signed URLs, bytes and pages."""
