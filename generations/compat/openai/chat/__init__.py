"""`chat/completions` with pictures in the answer, as clients of OpenAI-compatible image models call it.

OpenAI's own types have no pictures in an answer: `modalities`, `image_config` and `message.images` are what OpenRouter
and LiteLLM agreed on, and what their clients send and read.
"""
