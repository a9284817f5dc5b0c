"""Pages for people: sign-in, account, tenants; and the admin's site."""
