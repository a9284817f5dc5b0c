"""Prompt templates: those of Google's guide, shipped as data, and tenants' own in versions."""
