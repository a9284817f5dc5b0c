# noqa: A005 - mirrors cavendish.http; inside a package it hides nothing
