"""OpenAI's API for pictures, as the `openai` libraries call it with our address as `base_url`: one more way to the same
jobs.

The answers of `images/…` have no place for citations, so grounding is offered in `chat/completions` alone.
"""
