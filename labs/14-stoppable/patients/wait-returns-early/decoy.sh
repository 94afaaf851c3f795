#!/bin/sh
trap 'kill -TERM "$pid"; wait "$pid"; exit $?' TERM
/app --on TERM --drain 500 &
pid=$!
wait "$pid"
