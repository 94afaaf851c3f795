//! `cargo xtask tidy`: checks the layout rules.

use anyhow::Result;
use owo_colors::OwoColorize;

use crate::author::tidy::faults;
use crate::chapter::course::Course;
use crate::report::verdict::Verdict;
use crate::system::print::print;

/// Prints every fault of the course; a fault is a wrong result.
pub fn tidy(course: &Course) -> Result<Verdict> {
    let faults = faults(course)?;
    for fault in &faults {
        print(&format!("{} {fault}\n", "tidy:".red().bold()));
    }
    match faults.len() {
        0 => print("tidy: no fault\n"),
        1 => print("tidy: 1 fault\n"),
        count => print(&format!("tidy: {count} faults\n")),
    }
    Ok(match faults.is_empty() {
        true => Verdict::Passed,
        false => Verdict::Failed,
    })
}
