#!/bin/bash
# Wrong: at SIGTERM the shell leaves, and the app is killed with the container.
trap 'exit 143' TERM
/app <&0 &
wait $!
