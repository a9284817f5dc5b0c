"""What every API of ours says over HTTP, whatever its subject."""  # noqa: A005 - inside a package it hides nothing
