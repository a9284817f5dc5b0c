"""A person's own account: email, password, second factor, sessions."""
