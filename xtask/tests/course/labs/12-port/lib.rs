//! Nothing to build.
