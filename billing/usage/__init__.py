"""What was used, by time and dimension: queries, CSV, the dashboard."""
