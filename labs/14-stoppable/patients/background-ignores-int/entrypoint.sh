#!/bin/sh
/app --sigwait TERM &
pid=$!
trap 'kill -INT "$pid"' INT
trap 'kill -TERM "$pid"' TERM
wait "$pid"
wait "$pid"
