"""The whole platform on one machine: `manage.py up`.

Whatever service has no URL in the environment is embedded: PostgreSQL and Valkey from wheels, as supervised children.

    runner      what starts in which order, and what is said about it
    supervisor  keeps the children alive and ends them in order;  children: one process and its log
    postgres    the embedded cluster;  home: where its files live and which user may touch them
    roles       the database roles, embedded or not
    valkey      the embedded broker
    serve       uvicorn on a socket that outlives a restart of the web process
    ready       ready.json and the text for the console
    files, ports, state   small helpers: private files, free ports, what is remembered between starts
"""
