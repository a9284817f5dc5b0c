"""People: sign-in with django-allauth, its adapters and forms, sessions, and what operators do about accounts."""
