//! How the programs of a workspace are built: always with the same words, so that cargo compiles nothing twice.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use crate::freshness::Freshness;

/// The profile of the runner and of the labs' programs; its name is that of cargo's output folder, too.
pub const PROFILE: &str = "lab";

/// The build of one workspace into one target folder.
#[derive(Debug)]
pub struct Build {
    root: PathBuf,
    target: PathBuf,
    cargo: OsString,
}

impl Build {
    /// Of the workspace `root`, by `cargo`, into `target`.
    pub fn new(root: PathBuf, target: PathBuf, cargo: OsString) -> Build {
        Build {
            root,
            target,
            cargo,
        }
    }

    /// Where the programs are when they are built.
    pub fn folder(&self) -> PathBuf {
        self.target.join(PROFILE)
    }

    /// Cargo, told to build these programs; `checkout` has the compiler that links the labs' programs.
    pub fn command<'a>(
        &self,
        checkout: &Path,
        programs: impl IntoIterator<Item = &'a str>,
    ) -> Command {
        let mut command = Command::new(&self.cargo);
        command
            .args(["build", "--profile", PROFILE])
            // Said again, because a configuration of the reader's may name another one.
            .arg("--target-dir")
            .arg(&self.target)
            // All packages, but only these programs: the features of what they depend on are the same in every build.
            .arg("--workspace")
            .args(programs.into_iter().flat_map(|name| ["--bin", name]))
            .current_dir(&self.root)
            .env(
                "RUSTC_WORKSPACE_WRAPPER",
                checkout.join("xtask/static-rustc"),
            )
            // A wrapper of the reader's, such as sccache, would not know ours for a compiler.
            .env("RUSTC_WRAPPER", "")
            .env_remove("CARGO_BUILD_TARGET");
        command
    }

    /// Whether a build of `program`, made of the packages in these folders, would change nothing.
    pub fn is_fresh(&self, program: &str, packages: &[&Path]) -> bool {
        self.freshness().is_fresh(program, packages)
    }

    /// Notes that cargo has built `program`, from what was there when it `began`.
    pub fn note(&self, program: &str, began: SystemTime) {
        self.freshness().note(program, began);
    }

    fn freshness(&self) -> Freshness {
        Freshness::new(self.folder(), &self.root, self.cargo.clone())
    }
}

/// The names of the programs of the package in `folder`, by the layout's rules: `[[bin]]` and `src/bin/*.rs`.
pub fn programs(folder: &Path) -> io::Result<Vec<String>> {
    let manifest = fs::read_to_string(folder.join("Cargo.toml"))?;
    let mut names = declared(&manifest);
    for entry in fs::read_dir(folder.join("src/bin"))
        .into_iter()
        .flatten()
        .flatten()
    {
        let name = entry.file_name();
        names.extend(
            name.to_str()
                .and_then(|name| name.strip_suffix(".rs"))
                .map(str::to_owned),
        );
    }
    names.sort();
    names.dedup();
    Ok(names)
}

/// The names in the `[[bin]]` tables of a manifest. Of TOML this needs three words, and a parser takes four seconds to
/// compile: what is written another way is not found, and cargo then says that there is no such program.
fn declared(manifest: &str) -> Vec<String> {
    let (mut names, mut within) = (Vec::new(), false);
    for line in manifest.lines().map(str::trim) {
        if line.starts_with('[') {
            within = line.starts_with("[[bin]]");
        } else if within
            && let Some((key, value)) = line.split_once('=')
            && key.trim() == "name"
        {
            let value = value.split('#').next().unwrap_or_default();
            names.push(value.trim().trim_matches(['"', '\'']).to_owned());
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_names_its_programs() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text);
        fs::create_dir_all(folder.path().join("src/bin")).expect("a folder");
        write("src/bin/found.rs", "").expect("written");
        write("src/bin/notes.txt", "").expect("written");
        let manifest = "[package]\nname = \"package\"\n[[bin]]\nname = \"one\" # the first\npath = \"a\"\n\
            [lib]\nname = \"library\"\n[[bin]]\npath = 'b'\nname='two'\n";
        write("Cargo.toml", manifest).expect("written");
        let names = programs(folder.path()).expect("a manifest");
        assert_eq!(names, ["found", "one", "two"]);
    }
}
