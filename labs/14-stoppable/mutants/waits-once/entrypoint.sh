#!/bin/bash
# Wrong: the trap runs, the first wait is over, and so is the script.
/app --on TERM --http 3000 --answer 300 &
server=$!
trap 'kill -TERM "$server"' TERM
wait "$server"
