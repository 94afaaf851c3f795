//! `version`.

use std::ops::RangeInclusive;

use serde_json::json;

use crate::cli::command::Command;
use crate::cli::flag::{Flag, text};
use crate::cli::format;
use crate::commands::shared::machine::{architecture, kernel};
use crate::error::Result;
use crate::output::print;

/// This program's version.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// `docker version`.
#[derive(Debug, Default)]
pub(crate) struct Version {
    format: Option<String>,
}

impl Command for Version {
    const NAME: &'static str = "version";
    const USAGE: &'static str = " [OPTIONS]";
    const ABOUT: &'static str = "Show the Docker version information";
    const ARGUMENTS: RangeInclusive<usize> = 0..=0;

    fn flags() -> Vec<Flag<Self>> {
        vec![text(
            Some('f'),
            "format",
            "Format output using a template",
            |flags: &mut Self| &mut flags.format,
        )]
    }

    fn run(self, _: &[String]) -> Result<u8> {
        let (kernel, architecture) = (kernel(), architecture());
        let part = json!({ "Version": VERSION, "Os": "linux", "Arch": architecture, "KernelVersion": kernel });
        let text =
            format!("pocket {VERSION}\n OS/Arch: linux/{architecture}\n Kernel:  {kernel}\n");
        let value = json!({ "Client": part, "Server": part });
        print(&format::value(self.format.as_deref(), &value, &text)?);
        Ok(0)
    }
}
