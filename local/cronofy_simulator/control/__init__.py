"""The endpoints under /_control, by which tests and the demonstration play the outside world."""
