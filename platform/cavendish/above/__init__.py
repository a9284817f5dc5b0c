"""What stands on the apps: nothing below may import it."""
