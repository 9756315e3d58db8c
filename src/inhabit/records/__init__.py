"""Logs read into lives; events, facts and minds kept on disk."""
