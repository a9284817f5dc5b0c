"""What leads in: sign-in, sign-up, invitations, choosing a tenant."""
