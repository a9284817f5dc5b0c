"""Gemini's webhooks: `client.webhooks` of the SDKs, and what their events say."""
