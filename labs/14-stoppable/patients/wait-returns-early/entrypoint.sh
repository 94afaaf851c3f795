#!/bin/sh
trap 'kill -TERM "$pid"' TERM
/app --on TERM --drain 1000 &
pid=$!
wait "$pid"
