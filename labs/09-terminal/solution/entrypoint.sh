#!/bin/bash
# The app becomes PID 1: leader of the session, in the foreground of its terminal, if it has one.
exec /app
