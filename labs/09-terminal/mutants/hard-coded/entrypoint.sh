#!/bin/bash
# Wrong: it says what the chapter shows, whatever is typed.
echo 'app: ready as PID 1, session 1, group 1, foreground group 1'
trap 'echo "app: got SIGINT from the kernel"' INT
trap 'echo "app: got SIGTERM from a process"; exit 0' TERM
stty -echo
read -r
echo 'app: read "hello"'
while :; do
  sleep infinity & wait
done
