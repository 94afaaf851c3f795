#!/usr/bin/env bash
# Wrong: the trap waits for the server, but the status is that of the first, interrupted wait.

"$@" &
server=$!
trap 'kill -TERM "$server"; wait "$server"' TERM

wait "$server"
status=$?

echo "entrypoint: cleaned up"
exit "$status"
