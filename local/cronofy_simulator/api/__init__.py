"""Cronofy's own endpoints. A handler takes the world and a call, and returns a response."""
