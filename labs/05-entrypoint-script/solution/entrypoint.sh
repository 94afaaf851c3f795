#!/usr/bin/env bash
# Starts the server, and cleans up after it.

"$@" &
server=$!
trap 'kill -TERM "$server"' TERM

# A trapped signal ends the first wait early. The second gives the server's own status, also if it has ended.
wait "$server"
wait "$server"
status=$?

echo "entrypoint: cleaned up"
exit "$status"
