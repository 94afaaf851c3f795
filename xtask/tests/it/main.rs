//! The runner from outside: on a course made to go wrong, and on the book itself.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod chapter;
mod checkout;
mod course;
mod engines;
mod support;
