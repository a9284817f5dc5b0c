"""Days on which a tenant or one of its keys spends more than it usually does, noticed while they run."""
