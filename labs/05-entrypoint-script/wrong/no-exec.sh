#!/usr/bin/env bash
echo "no-exec.sh: preparing"
"$@"
