#!/bin/bash
# Starts the server. What it prints, `docker logs` keeps.
exec /app --on TERM --http 3000 --answer 300
