"""The problem file: reading it with positions, and what it says as equations and values."""
