"""The Interactions API of the Gemini dialect."""
