#!/bin/bash
# Wrong: it becomes the app, and shuts its standard input.
exec /app </dev/null
