#!/bin/bash
# Wrong: the server is killed at once: quick, and its requests are lost.
/app --on TERM --http 3000 --answer 300 &
server=$!
trap 'kill -KILL "$server"; exit 0' TERM
wait "$server"
