//! Builds the labs' programs, static, and stages them where the Dockerfiles look for them.

use std::ffi::OsString;
use std::fs;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, bail};
use launch::Freshness;
use serde::Deserialize;

use crate::chapter::course::{Course, Lab};
use crate::system::{print, process};

const DEADLINE: Duration = Duration::from_secs(1200);

/// A folder with programs that `cargo xtask programs` has built: used as they are, for a machine without Rust.
const PREBUILT: &str = "LAB_PROGRAMS";

/// Which of a lab's programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// What the chapter shows.
    Lab,
    /// What the reader works on.
    Exercise,
    /// The right answer.
    Solution,
}

impl Which {
    /// The folder, below the lab's, with the exercise's Dockerfile; `None` for the lab itself.
    pub fn folder(self) -> Option<&'static str> {
        match self {
            Which::Lab => None,
            Which::Exercise => Some("exercise"),
            Which::Solution => Some("solution"),
        }
    }
}

/// What stopped the build.
#[derive(Debug, thiserror::Error)]
#[error("the programs of {lab} do not compile:\n{said}")]
pub struct DoesNotCompile {
    /// The lab.
    pub lab: String,
    /// What cargo said.
    pub said: String,
}

#[derive(Deserialize)]
struct Manifest {
    #[serde(default)]
    bin: Vec<Bin>,
}

#[derive(Deserialize)]
struct Bin {
    name: String,
}

/// Builds the programs of `labs` in one go and stages them in each lab's `bin/`.
pub fn stage(course: &Course, labs: &[(Lab, Which)]) -> Result<()> {
    let mut programs = Vec::new();
    for (lab, which) in labs {
        for name in bins(course, lab, *which)? {
            programs.push(Program {
                name,
                folder: course.folder(lab),
            });
        }
    }
    if programs.is_empty() {
        return Ok(());
    }
    for program in build(&course.root, &programs, labs)? {
        // A binary's name starts with its lab's number, but for the engine's.
        let owner = |(lab, _): &&(Lab, Which)| {
            program.starts_with(&format!("{}-", lab.number))
                || (program == "pocket" && lab.slug == POCKET_LAB)
        };
        if let Some((lab, _)) = labs.iter().find(owner) {
            install(
                &output_folder(&course.root).join(&program),
                &course.folder(lab).join("bin").join(&program),
            )?;
        }
    }
    Ok(())
}

/// The lab that is the container engine.
const POCKET_LAB: &str = "13-container-engine";

/// Builds the project's own container engine, wherever the course is, and returns its path.
pub fn pocket() -> Result<PathBuf> {
    let root = workspace();
    let program = Program {
        name: "pocket".into(),
        folder: root.join("labs").join(POCKET_LAB),
    };
    build(root, &[program], &[])?;
    Ok(output_folder(root).join("pocket"))
}

/// Builds every program of the course, and the engine, into `folder`. Returns how many.
pub fn export(course: &Course, folder: &Path) -> Result<usize> {
    let mut names = vec!["pocket".to_owned()];
    pocket()?;
    for which in [Which::Lab, Which::Exercise, Which::Solution] {
        let labs: Vec<(Lab, Which)> = course.labs.iter().map(|lab| (lab.clone(), which)).collect();
        stage(course, &labs)?;
        for (lab, which) in &labs {
            names.extend(bins(course, lab, *which)?);
        }
    }
    names.sort();
    names.dedup();
    for name in &names {
        let root = if name == "pocket" {
            workspace()
        } else {
            &course.root
        };
        install(&output_folder(root).join(name), &folder.join(name))?;
    }
    Ok(names.len())
}

/// The cargo that started this runner, or else the one on PATH.
pub fn cargo() -> OsString {
    std::env::var_os("CARGO")
        .or_else(|| process::which("cargo").map(PathBuf::into_os_string))
        .unwrap_or_else(|| "cargo".into())
}

/// The checkout that this runner was built from.
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap_or(Path::new("/"))
}

/// Notes that this runner is up to date, if `cargo xtask` has just had it built: the next one need not ask cargo.
pub fn note_own_build() {
    let own = std::env::current_exe().unwrap_or_default();
    if let Some(folder) = own.parent() {
        Freshness::new(folder, workspace(), cargo()).note_own("xtask");
    }
}

/// The names of the binaries, by the layout's rules: `[[bin]]` and `src/bin/*.rs`; the exercise's and the
/// solution's are `NN-exercise` and `NN-solution`, and are built only when asked for: a reader's program that
/// does not compile must not stop the lab.
fn bins(course: &Course, lab: &Lab, which: Which) -> Result<Vec<String>> {
    let folder = course.folder(lab);
    let manifest = folder.join("Cargo.toml");
    let text = fs::read_to_string(&manifest)
        .with_context(|| format!("cannot read {}", manifest.display()))?;
    let manifest: Manifest =
        toml::from_str(&text).with_context(|| format!("in {}", manifest.display()))?;
    let mut names: Vec<String> = manifest.bin.into_iter().map(|bin| bin.name).collect();
    for entry in fs::read_dir(folder.join("src/bin"))
        .into_iter()
        .flatten()
        .flatten()
    {
        if let Some(name) = entry
            .file_name()
            .to_str()
            .and_then(|name| name.strip_suffix(".rs"))
        {
            names.push(name.to_owned());
        }
    }
    names.sort();
    names.dedup();
    let special = |kind: &str| format!("{}-{kind}", lab.number);
    names.retain(|name| {
        let (exercise, solution) = (*name == special("exercise"), *name == special("solution"));
        (!exercise && !solution)
            || (exercise && which == Which::Exercise)
            || (solution && which == Which::Solution)
    });
    Ok(names)
}

/// A program to build.
struct Program {
    name: String,
    /// Its package's.
    folder: PathBuf,
}

/// Runs cargo, if need be; returns the names of the programs.
fn build(root: &Path, programs: &[Program], labs: &[(Lab, Which)]) -> Result<Vec<String>> {
    let names: Vec<String> = programs
        .iter()
        .map(|program| program.name.clone())
        .collect();
    if std::env::var_os(PREBUILT).is_some() {
        return Ok(names);
    }
    if !cfg!(target_os = "linux") {
        bail!("the labs run on Linux: use the dev container or WSL 2 (README.md)");
    }
    let cargo = cargo();
    let folder = output_folder(root);
    let freshness = Freshness::new(&folder, root, cargo.clone());
    if programs
        .iter()
        .all(|program| freshness.is_fresh(&program.name, &[&program.folder]))
    {
        return Ok(names);
    }
    if labs.is_empty() && std::io::stderr().is_terminal() {
        // Where there are labs, a bar says it.
        print::complain("building pocket, the container engine ...\n");
    }
    let began = SystemTime::now();
    let mut command = Command::new(cargo);
    command
        .args(["build", "--quiet", "--profile", "lab"])
        // Said again, because a configuration of the reader's may name another one.
        .arg("--target-dir")
        .arg(target_folder(root))
        // All packages, but only these programs: the features of what they depend on are the same in every build.
        .arg("--workspace")
        .args(programs.iter().flat_map(|program| ["--bin", &program.name]))
        .current_dir(root)
        .env(
            "RUSTC_WORKSPACE_WRAPPER",
            workspace().join("xtask/static-rustc"),
        )
        .env(
            "CARGO_TERM_COLOR",
            if std::io::stderr().is_terminal() {
                "always"
            } else {
                "never"
            },
        )
        // A wrapper of the reader's, such as sccache, would not know ours for a compiler.
        .env("RUSTC_WRAPPER", "")
        .env_remove("CARGO_BUILD_TARGET");
    let output = process::run(&mut command, DEADLINE)?;
    if !output.status.success() {
        let mut names: Vec<&str> = labs.iter().map(|(lab, _)| lab.slug.as_str()).collect();
        names.dedup();
        let lab = names.join(", ");
        let lab = if lab.is_empty() {
            POCKET_LAB.to_owned()
        } else {
            lab
        };
        return Err(DoesNotCompile {
            lab,
            said: output.stderr.trim_end().to_owned(),
        }
        .into());
    }
    for name in &names {
        if !folder.join(name).exists() {
            bail!(
                "cargo has not put {name} into {}\nDoes `build.target` in a configuration of yours send it elsewhere?",
                folder.display()
            );
        }
        freshness.note(name, began);
    }
    Ok(names)
}

/// Where cargo puts what [`build`] builds.
fn output_folder(root: &Path) -> PathBuf {
    if let Some(prebuilt) = std::env::var_os(PREBUILT) {
        return prebuilt.into();
    }
    target_folder(root).join("lab")
}

/// Cargo's target folder. That of the project is the one that this runner was built into: what it has in common with
/// the labs' programs is compiled once.
fn target_folder(root: &Path) -> PathBuf {
    let own = std::env::current_exe().unwrap_or_default();
    let beside = own.parent().filter(|folder| folder.ends_with("lab"));
    if let Some(target) = beside.and_then(Path::parent)
        && root == workspace()
    {
        return target.to_owned();
    }
    let named = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    // Cargo would take a relative path from the folder that it is started in.
    named
        .and_then(|folder| std::path::absolute(folder).ok())
        .unwrap_or_else(|| root.join("target"))
}

/// Puts `from` at `to`, atomically, unless it is there already: another run may be copying the old one.
fn install(from: &Path, to: &Path) -> Result<()> {
    let context = || format!("cannot stage {} as {}", from.display(), to.display());
    let fresh = fs::metadata(from).with_context(|| match std::env::var_os(PREBUILT) {
        Some(_) => format!(
            "{} is missing; fill {PREBUILT} with `cargo xtask programs DIR`",
            from.display()
        ),
        None => context(),
    })?;
    if let Ok(old) = fs::metadata(to)
        && old.len() == fresh.len()
        && old.modified().ok() == fresh.modified().ok()
    {
        return Ok(());
    }
    let folder = to.parent().with_context(context)?;
    fs::create_dir_all(folder).with_context(context)?;
    let name = to.file_name().with_context(context)?.to_string_lossy();
    let new = folder.join(format!(".{name}.{}.new", std::process::id()));
    let copied = fs::copy(from, &new)
        .and_then(|_| {
            fs::File::options()
                .write(true)
                .open(&new)?
                .set_modified(fresh.modified()?)
        })
        .and_then(|()| fs::rename(&new, to));
    if copied.is_err() {
        let _ = fs::remove_file(&new);
    }
    copied.with_context(context)
}
