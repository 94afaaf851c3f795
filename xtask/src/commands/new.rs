//! `cargo xtask new`: starts a lab.

use anyhow::Result;
use clap::Args;

use crate::author::new::write_lab;
use crate::chapter::course::Course;
use crate::report::verdict::Verdict;
use crate::system::print::print;

/// `cargo xtask new`
#[derive(Debug, Args)]
pub struct NewArgs {
    /// Two digits and a name: 14-cgroups
    slug: String,
}

/// Writes the lab and says where it is.
pub fn new(course: &Course, arguments: &NewArgs) -> Result<Verdict> {
    let slug = &arguments.slug;
    write_lab(course, slug)?;
    print(&format!(
        "labs/{slug}/, book/src/{slug}.md and a line in SUMMARY.md; try: cargo xtask lab {slug}\n"
    ));
    Ok(Verdict::Passed)
}
