"""Pages for a tenant's people: the console, sign-in and accounts. A folder for each noun, with its own addresses."""
