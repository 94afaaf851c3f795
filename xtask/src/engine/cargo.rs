//! Has cargo build the labs' programs, if need be.

use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Result, bail};
use launch::Build;

use crate::system::{checkout, print, process};

const DEADLINE: Duration = Duration::from_secs(1200);

/// A folder with programs that `cargo xtask programs` has built: used as they are, for a machine without Rust.
pub const PREBUILT: &str = "LAB_PROGRAMS";

/// The program that writes JUnit reports.
pub const JUNIT: &str = "xtask-junit";

/// What stopped the build.
#[derive(Debug, thiserror::Error)]
#[error("the programs of {labs} do not compile:\n{said}")]
pub struct DoesNotCompile {
    /// The labs.
    pub labs: String,
    /// What cargo said.
    pub said: String,
}

/// A program to build.
#[derive(Debug)]
pub struct Program {
    /// Its name.
    pub name: String,
    /// Its package's folder.
    pub folder: PathBuf,
}

/// The cargo that started this runner, or else the one on PATH.
pub fn cargo() -> OsString {
    std::env::var_os("CARGO")
        .or_else(|| process::which("cargo").map(PathBuf::into_os_string))
        .unwrap_or_else(|| "cargo".into())
}

/// Builds the programs of the workspace `root`; `labs` is what the reader calls them.
pub fn build(root: &Path, programs: &[Program], labs: &str) -> Result<()> {
    if std::env::var_os(PREBUILT).is_some() {
        return Ok(());
    }
    if !cfg!(target_os = "linux") {
        bail!("the labs run on Linux: use the dev container or WSL 2 (README.md)");
    }
    let build = Build::new(root.to_owned(), target_folder(root), cargo());
    let fresh = |program: &Program| build.is_fresh(&program.name, &[&program.folder]);
    if programs.iter().all(fresh) {
        return Ok(());
    }
    let terminal = std::io::stderr().is_terminal();
    // Where there are labs, a bar says it.
    let alone = match programs {
        [only] if only.name == "pocket" => Some("pocket, the container engine"),
        [only] if only.name == JUNIT => Some("what writes JUnit reports"),
        _ => None,
    };
    if let Some(what) = alone.filter(|_| terminal) {
        print::complain(&format!("building {what} ...\n"));
    }
    let began = SystemTime::now();
    let names = programs.iter().map(|program| program.name.as_str());
    let mut command = build.command(checkout::root()?, names);
    command.arg("--quiet").env(
        "CARGO_TERM_COLOR",
        if terminal { "always" } else { "never" },
    );
    let output = process::run(&mut command, DEADLINE)?;
    if !output.status.success() {
        return Err(DoesNotCompile {
            labs: labs.to_owned(),
            said: output.stderr.trim_end().to_owned(),
        }
        .into());
    }
    let folder = build.folder();
    for Program { name, .. } in programs {
        if !folder.join(name).exists() {
            bail!(
                "cargo has not put {name} into {}\nDoes `build.target` in a configuration of yours send it elsewhere?",
                folder.display()
            );
        }
        build.note(name, began);
    }
    Ok(())
}

/// Where cargo puts what [`build`] builds.
pub fn output_folder(root: &Path) -> PathBuf {
    match std::env::var_os(PREBUILT) {
        Some(prebuilt) => prebuilt.into(),
        None => target_folder(root).join(launch::PROFILE),
    }
}

/// Cargo's target folder. That of the checkout is the one that this runner was built into: what it has in common with
/// the labs' programs is compiled once.
pub fn target_folder(root: &Path) -> PathBuf {
    let own = std::env::current_exe().unwrap_or_default();
    let ours = checkout::root().is_ok_and(|checkout| checkout == root);
    // Beside each program that cargo builds lies what it was built from; a copy elsewhere knows nothing of cargo.
    let near = own
        .parent()
        .filter(|_| ours && own.with_extension("d").is_file());
    launch::target_folder(root, near)
}
