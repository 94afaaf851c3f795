//! The runner from outside: on a course made to go wrong, and on the book itself.

mod course;
mod engines;
mod support;
