"""The whole platform on one machine: `manage.py up`.

Services without a URL in the environment are embedded: PostgreSQL and Valkey from wheels, as supervised children.

    runner      starts everything in order and reports it
    supervisor  keeps the children alive and ends them in order;  children: one process and its log
    postgres    the embedded cluster;  home: where its files are and which user owns them
    roles       the database roles, embedded or not
    valkey      the embedded broker
    fork_server what Python processes are forked from;  forked: such a process, as the supervisor sees it
    serve       uvicorn on a socket that outlives a restart of the web process
    ready       ready.json and the text for the console
    files, ports, state   private files, free ports, and what is stored between starts
"""
