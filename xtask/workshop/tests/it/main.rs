//! The workshop from outside: on a terminal, as lines, in a room.

mod plain;
mod room;
mod screen;
mod support;
