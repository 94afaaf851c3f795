#!/bin/bash
# What `wait` returns when a trap interrupts it.

# ANCHOR: script
trap 'echo "trap: the child is still running"' TERM

sleep 1000 &
child=$!

# Send SIGTERM to this shell as soon as it sleeps, that is: as soon as it is in
# `wait`.
(until grep -q '^State:.S' /proc/$$/status; do :; done; kill -TERM $$) &

wait "$child"
echo "first wait:  $?"

kill -USR1 "$child" # fails if there is no such process any more
wait "$child"
echo "second wait: $?"
# ANCHOR_END: script
