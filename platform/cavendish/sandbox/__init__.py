"""A local server that speaks the Gemini API and draws test pictures."""
