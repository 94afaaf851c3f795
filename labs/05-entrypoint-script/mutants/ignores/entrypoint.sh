#!/usr/bin/env bash
# Wrong: it ignores SIGTERM so that it outlives the server; who tells the server?

trap '' TERM
"$@"
status=$?

echo "entrypoint: cleaned up"
exit "$status"
