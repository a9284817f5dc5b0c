"""Plans with their dated versions, and the money terms of a tenant's plan."""
