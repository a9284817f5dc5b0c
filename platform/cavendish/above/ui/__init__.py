"""What pages are made of: the look, formats, charts, lists and acts. Admin and console share it."""
