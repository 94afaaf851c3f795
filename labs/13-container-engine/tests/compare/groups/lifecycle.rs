//! States and clients.

use super::Group;

pub const GROUPS: &[Group] = &[];
