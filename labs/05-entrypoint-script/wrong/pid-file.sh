#!/usr/bin/env bash
pidfile=/tmp/server.pid
if [[ -e $pidfile ]] && kill -0 "$(<"$pidfile")"; then
    echo "pid-file.sh: already running, PID $(<"$pidfile")"
    exit 1
fi
echo $$ > "$pidfile"
exec "$@"
