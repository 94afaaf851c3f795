#!/usr/bin/env bash
"$@" 2>&1 | tee -a /tmp/server.log
