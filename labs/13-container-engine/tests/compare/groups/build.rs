//! Dockerfiles.

use super::Group;

pub const GROUPS: &[Group] = &[];
