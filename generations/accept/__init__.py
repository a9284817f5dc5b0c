"""From a parsed request to a submitted job."""
