"""Small honest versions of what people write today, at its documented best."""
