#!/usr/bin/env bash
# Wrong: it ends with 0, however the server ended.

"$@" &
server=$!
trap 'kill -TERM "$server"' TERM

wait "$server"
wait "$server"

echo "entrypoint: cleaned up"
exit 0
