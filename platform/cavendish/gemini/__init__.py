"""The upstream: the catalog of models, the client, the streaming reader. It knows no Django."""
