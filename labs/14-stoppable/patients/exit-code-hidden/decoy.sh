#!/bin/sh
/app --on TERM &
pid=$!
trap 'kill -TERM "$pid"' TERM
wait "$pid"
status=$?
trap - TERM
wait "$pid" && status=$?
exit "$status"
