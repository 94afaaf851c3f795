#!/bin/sh
term() {
  kill -TERM "$pid"
  wait "$pid"
  exit 143
}
trap term TERM
/app --on TERM --code 3 &
pid=$!
wait "$pid"
