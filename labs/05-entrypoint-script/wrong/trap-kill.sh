#!/usr/bin/env bash
trap 'echo "trap-kill.sh: cleaning up"' KILL
"$@"
