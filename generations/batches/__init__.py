"""Batches: many requests in one, run as generations of low priority (docs/decisions/0008-batches.md).

scan      where values stand in a JSON text, without reading it into memory
source    the items of a body or a JSONL file
services  create, cancel, delete
feeder    items into jobs, a few at a time
results   what became of the items
"""
