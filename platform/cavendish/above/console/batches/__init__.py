"""Batches: upload, progress, results."""
