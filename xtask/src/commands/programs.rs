//! `cargo xtask programs`: every lab's programs in one folder, for machines without Rust.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::chapter::course::Course;
use crate::engine::programs::export;
use crate::report::verdict::Verdict;
use crate::system::print::print;

/// `cargo xtask programs`
#[derive(Debug, Args)]
pub struct ProgramsArgs {
    /// Where to put them
    folder: PathBuf,
}

/// Builds them all and copies them.
pub fn programs(course: &Course, arguments: &ProgramsArgs) -> Result<Verdict> {
    let count = export(course, &arguments.folder)?;
    let folder = arguments.folder.display();
    print(&format!(
        "{count} programs in {folder}; LAB_PROGRAMS={folder} uses them\n"
    ));
    Ok(Verdict::Passed)
}
