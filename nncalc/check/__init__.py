"""Answers against a problem: what is right, what is wrong, what follows, and which mistake it was."""
