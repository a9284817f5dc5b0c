"""The Files API of the Gemini dialect."""
