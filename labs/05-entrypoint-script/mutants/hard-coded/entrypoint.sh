#!/usr/bin/env bash
# Wrong: it starts the server of the chapter, and not the command that it was given.

/server &
server=$!
trap 'kill -TERM "$server"' TERM

wait "$server"
wait "$server"
status=$?

echo "entrypoint: cleaned up"
exit "$status"
