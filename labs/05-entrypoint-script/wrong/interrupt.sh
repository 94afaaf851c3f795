#!/usr/bin/env bash
trap 'kill -INT "$server"' INT TERM
"$@" &
server=$!
wait "$server"
wait "$server"
