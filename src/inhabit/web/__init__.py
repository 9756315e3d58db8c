"""The server: an OpenAI-compatible endpoint and the inspector page."""
