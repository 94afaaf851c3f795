//! Builds the labs' programs, static, and stages them where the Dockerfiles look for them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::chapter::course::{Course, Lab};
use crate::engine::cargo::{JUNIT, PREBUILT, Program, build, output_folder};
use crate::system::checkout;

/// Which of a lab's programs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// What the chapter shows.
    Lab,
    /// What the reader works on.
    Exercise,
    /// The right answer.
    Solution,
    /// A wrong answer that the book keeps to prove its grader: `mutants/NAME`, laid over the solution.
    Mutant(String),
}

impl Which {
    /// The folder, below the lab's, with the exercise's Dockerfile; `None` for the lab itself.
    pub fn folder(&self) -> Option<&'static str> {
        match self {
            Which::Lab => None,
            Which::Exercise => Some("exercise"),
            Which::Solution | Which::Mutant(_) => Some("solution"),
        }
    }
}

/// Builds the programs of `labs` in one go and stages them in each lab's `bin/`.
pub fn stage(course: &Course, labs: &[(Lab, Which)]) -> Result<()> {
    let mut programs = Vec::new();
    for (lab, which) in labs {
        for name in bins(course, lab, which)? {
            programs.push(Program {
                name,
                folder: course.folder(lab),
            });
        }
    }
    if programs.is_empty() {
        return Ok(());
    }
    // Several answers to one lab's exercise share what the lab has.
    programs.sort_by(|a, b| a.name.cmp(&b.name));
    programs.dedup_by(|a, b| a.name == b.name);
    let mut slugs: Vec<&str> = labs.iter().map(|(lab, _)| lab.slug.as_str()).collect();
    slugs.dedup();
    build(&course.root, &programs, &slugs.join(", "))?;
    for Program { name: program, .. } in programs {
        if program.contains("-mutant-") {
            // Not for the lab's folder: it stands in for the solution's (overlay.rs).
            continue;
        }
        // A binary's name starts with its lab's number, but for those that are worth installing on their own.
        let owner = |(lab, _): &&(Lab, Which)| {
            program.starts_with(&format!("{}-", lab.number))
                || NAMED.contains(&(program.as_str(), lab.slug.as_str()))
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

/// Programs without a number in their names, and the labs that they belong to.
const NAMED: [(&str, &str); 2] = [("pocket", POCKET_LAB), ("stoppable", STOPPABLE_LAB)];

/// The lab that examines containers.
const STOPPABLE_LAB: &str = "14-stoppable";

/// Builds the project's own container engine, wherever the course is, and returns its path.
pub fn pocket() -> Result<PathBuf> {
    own("pocket", POCKET_LAB)
}

/// Builds the program that examines containers, and returns its path.
pub fn stoppable() -> Result<PathBuf> {
    own("stoppable", STOPPABLE_LAB)
}

/// Builds a program of this checkout's lab.
fn own(name: &str, lab: &str) -> Result<PathBuf> {
    let root = checkout::root()?;
    let program = Program {
        name: name.into(),
        folder: root.join("labs").join(lab),
    };
    build(root, &[program], lab)?;
    Ok(output_folder(root).join(name))
}

/// Builds the program that writes JUnit reports, and returns its path.
pub fn junit() -> Result<PathBuf> {
    let root = checkout::root()?;
    let program = Program {
        name: JUNIT.into(),
        folder: root.join("xtask/junit"),
    };
    build(root, &[program], "xtask/junit")?;
    let path = output_folder(root).join(JUNIT);
    match path.exists() {
        true => Ok(path),
        false => bail!("{}", missing(&path)),
    }
}

/// Builds every program of the course, and what the runner needs, into `folder`. Returns how many.
pub fn export(course: &Course, folder: &Path) -> Result<usize> {
    let ours = ["pocket", JUNIT];
    let mut names: Vec<String> = ours.map(str::to_owned).to_vec();
    pocket()?;
    junit()?;
    for which in [Which::Lab, Which::Exercise, Which::Solution] {
        let labs = course.labs.iter().map(|lab| (lab.clone(), which.clone()));
        let labs: Vec<(Lab, Which)> = labs.collect();
        stage(course, &labs)?;
        for (lab, which) in &labs {
            names.extend(bins(course, lab, which)?);
        }
    }
    names.sort();
    names.dedup();
    for name in &names {
        let root = if ours.contains(&name.as_str()) {
            checkout::root()?
        } else {
            &course.root
        };
        install(&output_folder(root).join(name), &folder.join(name))?;
    }
    Ok(names.len())
}

/// The names of the binaries; the exercise's and the solution's are `NN-exercise` and `NN-solution`, a wrong answer's
/// `NN-mutant-NAME`, and are built only when asked for: a reader's program that does not compile must not stop the lab.
fn bins(course: &Course, lab: &Lab, which: &Which) -> Result<Vec<String>> {
    let folder = course.folder(lab);
    let mut names = launch::programs(&folder)
        .with_context(|| format!("cannot read {}", folder.join("Cargo.toml").display()))?;
    let special = |kind: &str| format!("{}-{kind}", lab.number);
    let wanted = match which {
        Which::Lab => None,
        Which::Exercise => Some(special("exercise")),
        Which::Solution => Some(special("solution")),
        Which::Mutant(name) => {
            // Without a program of its own it has the solution's: what is wrong is in a Dockerfile or a script.
            let own = mutant_program(lab, name);
            Some(match names.contains(&own) {
                true => own,
                false => special("solution"),
            })
        }
    };
    let answers = |name: &str| {
        name == special("exercise")
            || name == special("solution")
            || name.starts_with(&special("mutant-"))
    };
    names.retain(|name| !answers(name) || wanted.as_ref() == Some(name));
    Ok(names)
}

/// The program of a wrong answer, if it has one.
pub fn mutant_program(lab: &Lab, name: &str) -> String {
    format!("{}-mutant-{name}", lab.number)
}

/// An error where nothing is built and the answer is a Rust program: what was built once is not what stands there now.
pub fn can_be_graded(course: &Course, lab: &Lab) -> Result<()> {
    let program = course.folder(lab).join("exercise/main.rs");
    if std::env::var_os(PREBUILT).is_some() && program.exists() {
        bail!(
            "the answer to this exercise is a Rust program, and nothing is built here ({PREBUILT} is set); \
             exercises 3, 5, 9 and 14 are scripts and Dockerfiles"
        );
    }
    Ok(())
}

/// What is wrong where programs are not built, and one is not there.
fn missing(path: &Path) -> String {
    let path = path.display();
    format!("{path} is missing; fill {PREBUILT} with `cargo xtask programs DIR`")
}

/// Puts `from` at `to`, atomically, unless it is there already: another run may be copying the old one.
fn install(from: &Path, to: &Path) -> Result<()> {
    let context = || format!("cannot stage {} as {}", from.display(), to.display());
    let fresh = fs::metadata(from).with_context(|| match std::env::var_os(PREBUILT) {
        Some(_) => missing(from),
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
