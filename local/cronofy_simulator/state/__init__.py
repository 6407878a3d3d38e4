"""What the simulator remembers. Each module holds one kind of thing and its rules."""
