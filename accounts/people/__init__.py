"""How people sign in and prove who they are: django-allauth does it; here is what it must not decide alone."""
