"""The village: bodies with needs, hidden values, unspoken norms, and a language that is about something."""
