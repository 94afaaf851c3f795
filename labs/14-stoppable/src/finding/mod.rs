//! What is wrong, how that is known, and what to change: one file a family of findings.
//! It may call: every room below.

pub mod about;
pub mod case;
pub mod codes;
pub mod deaf;
pub mod dockerfile;
pub mod fix;
pub mod group;
pub mod late;
pub mod lost;
pub mod marks;
pub mod script;
pub mod shells;
pub mod start;

use about::{About, Finding};
use case::Case;

/// Every finding that there is, in the order in which to mend them.
pub const CATALOGUE: [&[About]; 7] = [
    start::ABOUT,
    deaf::ABOUT,
    shells::ABOUT,
    group::ABOUT,
    late::ABOUT,
    lost::ABOUT,
    codes::ABOUT,
];

/// What is known of a finding.
pub fn about(name: &str) -> Option<&'static About> {
    CATALOGUE
        .iter()
        .flat_map(|family| family.iter())
        .find(|about| about.name == name)
}

/// Looks for every finding.
pub fn all(case: &Case) -> Vec<Finding> {
    let families = [
        start::find,
        deaf::find,
        shells::find,
        group::find,
        late::find,
        lost::find,
        codes::find,
    ];
    families.iter().flat_map(|find| find(case)).collect()
}
