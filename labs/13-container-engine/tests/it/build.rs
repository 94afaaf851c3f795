//! What a Dockerfile becomes.
