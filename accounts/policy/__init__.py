"""The use policy, which an owner accepts before the tenant's first live job."""
