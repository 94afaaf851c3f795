#!/bin/bash
# The app gets a session of its own, so that the whole of its group can be signalled at once.
setsid /app &
app=$!
trap 'kill -TERM -- -$app' TERM
wait $app # returns early when the trap runs
wait $app # and this one has the app's own status
