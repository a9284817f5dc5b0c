#!/bin/sh
# Restarts the units of this machine one after the other, each when the one before is ready again. Needs root.
#   deploy/rolling-restart.sh [seconds to wait for each]
# Workers are asked for their readiness where HEALTH_PORT is in their environment; without it they get two seconds.
set -eu
patience=${1:-120}

ready() { # unit url [host]
    tries=0
    until curl --fail --silent --output /dev/null --max-time 5 --header "Host: ${3:-127.0.0.1}" "$2"; do
        tries=$((tries + 1))
        if [ "$tries" -ge "$patience" ]; then
            echo "$1 is not ready after $patience s; the others go on as they are." >&2
            exit 1
        fi
        sleep 1
    done
    echo "$1 is ready."
}

setting() { # unit name: as the unit's process has it
    tr '\0' '\n' <"/proc/$(systemctl show --property=MainPID --value "$1")/environ" | sed -n "s/^$2=//p"
}

units() { systemctl list-units --plain --no-legend --state=active "$1" | cut -d ' ' -f 1; }

for unit in $(units 'cavendish-worker@*') $(units 'cavendish-scheduler.service'); do
    systemctl restart "$unit"
    port=$(setting "$unit" HEALTH_PORT)
    if [ -n "$port" ]; then ready "$unit" "http://127.0.0.1:$port/readyz"; else sleep 2; fi
done
for unit in $(units 'cavendish-web@*'); do
    systemctl restart "$unit"
    port=${unit#cavendish-web@}
    # It answers to its own names alone.
    hosts=$(setting "$unit" ALLOWED_HOSTS)
    ready "$unit" "http://127.0.0.1:${port%.service}/readyz" "${hosts%%,*}"
done
