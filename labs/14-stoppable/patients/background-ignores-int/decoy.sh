#!/bin/sh
/app --on INT,TERM &
pid=$!
trap 'kill -INT "$pid"' INT TERM
wait "$pid"
trap - INT TERM
wait "$pid"
