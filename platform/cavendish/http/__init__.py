"""HTTP: errors, request bodies, pages of lists and OpenAPI shapes that all APIs share."""  # noqa: A005 - inside a package it hides nothing
