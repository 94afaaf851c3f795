//! `--junit FILE`: the report for CI systems, written by a program of its own.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use nix::unistd::{AccessFlags, access};

use crate::engine::programs;
use crate::report::json;
use crate::report::outcome::RunReport;

/// A report that is going to be written.
pub struct Junit<'a> {
    path: &'a Path,
    program: PathBuf,
}

impl Junit<'_> {
    /// Sees to it before the labs run that it can be written when they have.
    pub fn prepare(path: &Path) -> Result<Junit<'_>> {
        can_be_written(path)?;
        // If this run does not come to its report, that of an earlier one must not stand for it.
        let _ = fs::remove_file(path);
        let program = programs::junit()?;
        Ok(Junit { path, program })
    }

    /// Writes it.
    pub fn write(&self, report: &RunReport) -> Result<()> {
        let context = || format!("cannot write {}", self.path.display());
        let mut child = Command::new(&self.program)
            .stdin(Stdio::piped())
            .stdout(File::create(self.path).with_context(context)?)
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot run {}", self.program.display()))?;
        // It reads to the end before it says anything. If it is gone, its status says more than a broken pipe.
        if let Some(mut input) = child.stdin.take() {
            let _ = input.write_all(json::render(report)?.as_bytes());
        }
        let output = child.wait_with_output().with_context(context)?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            bail!("{} ({}):\n{}", context(), output.status, said.trim_end());
        }
        Ok(())
    }
}

/// Whether the report can be written when the labs have run: better known before.
fn can_be_written(path: &Path) -> Result<()> {
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let target = if path.exists() { path } else { folder };
    access(target, AccessFlags::W_OK)
        .map_err(std::io::Error::from)
        .and_then(|()| match path.is_dir() {
            true => Err(std::io::ErrorKind::IsADirectory.into()),
            false => Ok(()),
        })
        .with_context(|| format!("--junit: cannot write {}", path.display()))
}
