"""Cavendish beside other gateways, in one run: `python -m tests.bench --beside litellm --beside portkey`."""
