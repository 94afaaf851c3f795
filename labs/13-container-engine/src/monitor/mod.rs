//! The process beside each container. There is no daemon: the monitor starts PID 1, carries its bytes, publishes its
//! ports, writes down its end.
//! It may call: `pid1` and below.

pub(crate) mod channel;
pub(crate) mod connection;
pub(crate) mod detach;
pub(crate) mod proxy;
pub(crate) mod pump;
pub(crate) mod restart;
pub(crate) mod session;
pub(crate) mod socket;
pub(crate) mod spawn;
pub(crate) mod start;
pub(crate) mod streams;
pub(crate) mod viewer;
pub(crate) mod watch;
