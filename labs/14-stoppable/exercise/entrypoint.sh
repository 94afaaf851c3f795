#!/bin/bash
# Starts the server, and keeps its log in a file, too.
export LOG=/tmp/server.log
/app --on TERM --http 3000 --answer 300 | tee "$LOG"
