"""What the scheduler does for jobs: the sweep, and the expiry of content and files."""
