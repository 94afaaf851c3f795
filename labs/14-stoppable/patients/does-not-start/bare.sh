exec /app --on TERM
