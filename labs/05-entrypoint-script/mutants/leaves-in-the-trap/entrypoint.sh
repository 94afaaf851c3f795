#!/usr/bin/env bash
# Wrong: the trap hands the signal on and ends the script: PID 1 is gone, and the server with it.

"$@" &
server=$!
trap 'kill -TERM "$server"; echo "entrypoint: cleaned up"; exit 0' TERM

wait "$server"
status=$?

echo "entrypoint: cleaned up"
exit "$status"
