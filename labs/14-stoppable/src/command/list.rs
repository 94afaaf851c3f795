//! `stoppable check --list`: every experiment and every finding.

use std::fmt::Write as _;

use crate::finding::CATALOGUE;
use crate::probe::plan::Probe;

/// The lists as text.
pub fn run() -> String {
    let mut text = String::from("Experiments:\n");
    for probe in Probe::ALL {
        let _ = writeln!(text, "  {:<24}{}", probe.name(), probe.about());
    }
    text += "\nFindings, in the order in which to mend them:\n";
    for about in CATALOGUE.iter().flat_map(|family| family.iter()) {
        let severity = about.severity;
        let line = format!("  {:<24}{severity}: {}", about.name, about.title);
        let indent = " ".repeat(26);
        let _ = writeln!(
            text,
            "{}",
            textwrap::fill(&line, textwrap::Options::new(80).subsequent_indent(&indent))
        );
    }
    text
}
