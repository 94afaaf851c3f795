#!/usr/bin/env bash
trap 'kill -TERM "$server"' TERM
"$@" &
server=$!
wait "$server"
