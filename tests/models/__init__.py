"""Stand-ins at our own borders. Each is held to the same contract as the real thing."""
