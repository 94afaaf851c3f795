//! `cargo xtask workshop pack`: a folder that runs as it is on a laptop without network and without Rust.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Parser;

use crate::chapter::course::Course;
use crate::engine::cargo;
use crate::engine::programs::export;
use crate::report::verdict::Verdict;
use crate::system::copy::copy;
use crate::system::print::print;
use crate::system::{checkout, process};

/// Pack the workshop for laptops without network and without Rust.
#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask workshop pack",
    bin_name = "cargo xtask workshop pack",
    after_help = "The programs are static and for this machine's kind of processor. On the laptop: ./workshop, or ./xtask lab 3 \
                  --engine pocket. Exercises whose answer is a Rust program can be read there, and not graded."
)]
struct PackArgs {
    /// An empty folder, or one that is not there yet
    folder: PathBuf,
}

/// How long one build may take.
const DEADLINE: Duration = Duration::from_secs(1800);

/// Packs it.
pub fn pack(course: &Course, arguments: &[String]) -> Result<Verdict> {
    let PackArgs { folder } =
        PackArgs::parse_from(std::iter::once("pack").chain(arguments.iter().map(String::as_str)));
    let occupied = fs::read_dir(&folder).is_ok_and(|mut entries| entries.next().is_some());
    if occupied {
        bail!("{} is not empty: name a new folder", folder.display());
    }
    let (root, bin) = (checkout::root()?, folder.join("bin"));
    print("1/4 the labs' programs\n");
    export(course, &bin)?;
    print("2/4 the runner and the workshop, static\n");
    for (workspace, package) in [("", "xtask"), ("xtask/workshop", "xtask-workshop")] {
        let built = static_program(&root.join(workspace), package)?;
        fs::copy(&built, bin.join(package))
            .with_context(|| format!("cannot copy {}", built.display()))?;
    }
    print("3/4 the book\n");
    let runner = std::env::current_exe().context("cannot find this program")?;
    let mut build = Command::new(runner);
    build.args(["book", "build"]).current_dir(root);
    process::run(&mut build, DEADLINE)?.success("building the book")?;
    print("4/4 chapters and exercises\n");
    for (from, to) in [
        ("book/src", "book/src"),
        ("book/book", "book/html"),
        ("labs", "labs"),
    ] {
        copy(&root.join(from), &folder.join(to), &is_left_out)
            .with_context(|| format!("cannot copy {from} to {}", folder.display()))?;
    }
    for (name, text) in [("xtask", XTASK), ("workshop", WORKSHOP), ("README", README)] {
        let path = folder.join(name);
        let mode = if text.starts_with("#!") { 0o755 } else { 0o644 };
        fs::write(&path, text)
            .and_then(|()| fs::set_permissions(&path, fs::Permissions::from_mode(mode)))
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    print(&format!(
        "packed: copy {} to a laptop and start ./workshop in it\n",
        folder.display()
    ));
    Ok(Verdict::Passed)
}

const XTASK: &str = "#!/bin/sh
# The runner of this folder: ./xtask lab 3
here=$(CDPATH='' cd -- \"$(dirname -- \"$0\")\" && pwd)
LAB_PROGRAMS=$here/bin
export LAB_PROGRAMS
exec \"$here/bin/xtask\" --checkout \"$here\" \"$@\"
";

const WORKSHOP: &str = "#!/bin/sh
# The workshop of this folder: ./workshop
here=$(CDPATH='' cd -- \"$(dirname -- \"$0\")\" && pwd)
LAB_PROGRAMS=$here/bin TRAPPING_SIGNALS_XTASK=$here/xtask TRAPPING_SIGNALS_CHECKOUT=$here
export LAB_PROGRAMS TRAPPING_SIGNALS_XTASK TRAPPING_SIGNALS_CHECKOUT
exec \"$here/bin/xtask-workshop\" \"$@\"
";

const README: &str = "Trapping Signals in Containers, packed: it needs Linux and bash, no network and no Rust.

./workshop                        work through the exercises
./xtask lab 3                     run chapter 3 and check it
./xtask doctor                    what this machine can run
book/html/index.html              the book

Docker and podman are used where they are; without them the labs run on pocket, the book's own engine.
Exercises 3, 5, 9 and 14 are Dockerfiles and scripts. The others are Rust programs: they are graded where Rust is.
";

/// Builds one program of a workspace, static: cargo is told the target, so that procedural macros stay what they are.
fn static_program(workspace: &Path, package: &str) -> Result<PathBuf> {
    let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let folder = cargo::target_folder(checkout::root()?).join("pack");
    let mut build = Command::new(cargo::cargo());
    build
        .args(["build", "--quiet", "--package", package, "--bin", package])
        .args(["--target", &target, "--target-dir"])
        .arg(&folder)
        .env(
            "RUSTFLAGS",
            "-C target-feature=+crt-static -C strip=symbols",
        )
        .env_remove("RUSTC_WORKSPACE_WRAPPER")
        .current_dir(workspace);
    process::run(&mut build, DEADLINE)?.success(&format!("building {package}"))?;
    Ok(folder.join(target).join("debug").join(package))
}

/// What is built, and what no learner needs.
fn is_left_out(path: &Path) -> bool {
    let in_a_package = || path.with_file_name("Cargo.toml").is_file();
    path.ends_with("target")
        || path.ends_with("mutants")
        || (path.ends_with("bin") && in_a_package())
}
