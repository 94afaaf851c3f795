#!/bin/sh
/app --on TERM &
pid=$!
trap 'kill -TERM "$pid"' INT TERM
wait "$pid"
trap - INT TERM
wait "$pid"
