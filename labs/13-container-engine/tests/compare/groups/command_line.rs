//! Flags, names, and refusals.

use super::Group;

pub const GROUPS: &[Group] = &[];
