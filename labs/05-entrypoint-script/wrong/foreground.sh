#!/usr/bin/env bash
trap 'echo "foreground.sh: stopping"; exit 0' TERM
"$@"
