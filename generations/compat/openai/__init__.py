"""OpenAI's Images API, as the `openai` libraries call it with our address as `base_url`: one more way to the same jobs.

Its answers have no place for citations, so grounding is not offered here.
"""
