//! States, clients and monitors.
