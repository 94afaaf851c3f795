#!/bin/sh
/app --on TERM &
pid=$!
trap 'kill -TERM "$pid"' TERM
wait "$pid"
trap - TERM
wait "$pid"
