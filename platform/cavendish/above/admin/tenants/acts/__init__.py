"""What operators do to a tenant, each with the service that the API calls too."""
