"""Operator keys, and the metrics that they may read."""
