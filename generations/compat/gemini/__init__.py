"""Google's Gemini API, as its SDKs call it."""
