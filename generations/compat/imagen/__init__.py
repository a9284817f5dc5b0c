"""`models/imagen-*:predict`: callers of Imagen, which Google shuts down, get pictures of a Gemini model instead."""
