#!/bin/sh
exec /app --on TERM
