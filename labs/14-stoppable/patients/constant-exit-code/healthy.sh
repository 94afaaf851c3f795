#!/bin/sh
term() {
  kill -TERM "$pid"
  wait "$pid"
  exit $?
}
trap term TERM
/app --on TERM --code 3 &
pid=$!
wait "$pid"
