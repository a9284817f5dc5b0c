"""How long things are kept, and how much is stored."""
