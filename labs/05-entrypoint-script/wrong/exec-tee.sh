#!/usr/bin/env bash
exec > >(tee -a /tmp/server.log) 2>&1
exec "$@"
