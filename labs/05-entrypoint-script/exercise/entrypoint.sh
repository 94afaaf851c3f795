#!/usr/bin/env bash
# Starts the server, and cleans up after it.

"$@" &
server=$!
trap 'kill -TERM "$server"' TERM

wait "$server"
status=$?

echo "entrypoint: cleaned up"
exit "$status"
