#!/bin/bash
# Wrong: the trap runs, the first wait is over, and so is the script, half a second before the server.
/app --on TERM --http 3000 --answer 300 --drain 500 &
server=$!
trap 'kill -TERM "$server"' TERM
wait "$server"
