"""Mails, which wait in a table until they are sent."""
