"""The models of the Gemini dialect."""
