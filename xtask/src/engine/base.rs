//! The base image of docker and podman: this machine's shells and coreutils, where no image can be pulled.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::chapter::course::Course;
use crate::engine::choice::{Engine, Kind};
use crate::engine::podman;
use crate::system::lock::Locks;
use crate::system::process::{self, which};

/// Overrides the base image, e.g. with `debian:bookworm-slim` on a connected machine.
const OVERRIDE: &str = "LAB_BASE";

/// The image's name; its tag is made from what goes into it.
pub const NAME: &str = "trapping-signals-base";

const DEADLINE: Duration = Duration::from_secs(120);

/// Shells and tools that a Dockerfile may count on, and inits and shells that a chapter asks for by `needs=`.
const PROGRAMS: &str = "sh dash bash busybox tini dumb-init catatonit \
    [ basename cat chgrp chmod chown cp cut date dd df dirname echo env expr false grep head hostname id kill ln ls \
    mkdir mkfifo mktemp mv nice nohup nproc od printenv printf pwd readlink realpath rm rmdir sed seq setpriv \
    setsid sleep sort stat stdbuf stty sync tail tee test timeout touch tr true tty uname uniq wc who xargs yes";

/// Whether the base image is somebody else's, who may change it under the same name.
pub fn is_overridden() -> bool {
    std::env::var_os(OVERRIDE).is_some()
}

/// The tag of a base image that `engine` has; makes it if need be.
pub fn provide(course: &Course, engine: &Engine) -> Result<String> {
    if let Ok(base) = std::env::var(OVERRIDE) {
        return Ok(base);
    }
    // podman looks for a name without a host in registries; this one is here.
    let host = if engine.kind == Kind::Podman {
        "localhost/"
    } else {
        ""
    };
    let programs: Vec<PathBuf> = PROGRAMS.split_whitespace().filter_map(which).collect();
    let tag = format!("{host}{NAME}:{}", fingerprint(&programs));
    let scratch = course.scratch();
    fs::create_dir_all(&scratch).with_context(|| format!("cannot make {}", scratch.display()))?;
    if has(engine, &scratch, &tag)? {
        return Ok(tag);
    }
    let _one_at_a_time = Locks::acquire(vec![format!("{}/base", engine.kind.name())], |_| ())?;
    if !has(engine, &scratch, &tag)? {
        import(engine, &scratch, &programs, &tag).context("cannot make the local base image")?;
    }
    Ok(tag)
}

/// Removes the base images of `engine`, of today and of earlier.
pub fn remove(course: &Course, engine: &Engine) -> Result<()> {
    if engine.kind == Kind::Pocket {
        return Ok(());
    }
    let mut list = command(engine, &course.scratch());
    let found =
        process::run(list.args(["images", "-q", NAME]), DEADLINE)?.success("listing images")?;
    for id in found.split_whitespace() {
        process::run(
            command(engine, &course.scratch()).args(["rmi", "-f", id]),
            DEADLINE,
        )?;
    }
    Ok(())
}

fn command(engine: &Engine, scratch: &Path) -> Command {
    let mut command = Command::new(&engine.program);
    if engine.kind == Kind::Podman {
        command.envs(podman::environment(scratch));
    }
    command
}

fn has(engine: &Engine, scratch: &Path, tag: &str) -> Result<bool> {
    let mut inspect = command(engine, scratch);
    Ok(process::run(
        inspect.args(["image", "inspect", "-f", "ok", tag]),
        DEADLINE,
    )?
    .status
    .success())
}

/// A tag that changes when one of the programs does: a number for their paths, sizes and times. (Another version of
/// Rust may make another number of the same: then one more image is made.)
fn fingerprint(programs: &[PathBuf]) -> String {
    let mut hasher = DefaultHasher::new();
    for program in programs {
        let data = fs::metadata(program).ok();
        let facts = data.map(|data| (data.len(), data.modified().ok()));
        (program, facts).hash(&mut hasher);
    }
    format!("{:016x}", hasher.finish())
}

fn import(engine: &Engine, scratch: &Path, programs: &[PathBuf], tag: &str) -> Result<()> {
    let root = scratch.join(format!("base-{}", engine.kind.name()));
    let _ = fs::remove_dir_all(&root);
    assemble(&root, programs)?;
    let archive = root.with_extension("tar");
    let mut tar = Command::new("tar");
    tar.arg("-C")
        .arg(&root)
        .args(["--owner=0", "--group=0", "--numeric-owner", "-cf"])
        .arg(&archive)
        .arg(".");
    process::run(&mut tar, DEADLINE)?.success("tar")?;
    let mut import = command(engine, scratch);
    import.arg("import").arg(&archive).arg(tag);
    process::run(&mut import, DEADLINE)?.success("importing the base image")?;
    let _ = fs::remove_dir_all(&root);
    let _ = fs::remove_file(&archive);
    Ok(())
}

/// Lays out a root file system: programs in /usr/bin, the libraries they name, users, /tmp.
fn assemble(root: &Path, programs: &[PathBuf]) -> Result<()> {
    let make = |folder: &str| {
        fs::create_dir_all(root.join(folder))
            .with_context(|| format!("cannot make {}/{folder}", root.display()))
    };
    for folder in [
        "usr/bin",
        "usr/lib",
        "usr/lib64",
        "usr/sbin",
        "etc",
        "proc",
        "sys",
        "dev",
        "root",
        "run",
        "var",
        "tmp",
    ] {
        make(folder)?;
    }
    for folder in ["bin", "lib", "lib64", "sbin"] {
        std::os::unix::fs::symlink(format!("usr/{folder}"), root.join(folder))?;
    }
    std::os::unix::fs::symlink("../tmp", root.join("var/tmp"))?;
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(root.join("tmp"), fs::Permissions::from_mode(0o1777))?;
    fs::write(
        root.join("etc/passwd"),
        "root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534:nobody:/:/bin/sh\n",
    )?;
    fs::write(root.join("etc/group"), "root:x:0:\nnogroup:x:65534:\n")?;
    for program in programs {
        let name = program.file_name().context("a program has a name")?;
        copy(program, &root.join("usr/bin").join(name))?;
        for library in libraries(program)? {
            let to = root.join(library.strip_prefix("/").unwrap_or(&library));
            if let Some(folder) = to.parent() {
                fs::create_dir_all(folder)?;
            }
            copy(&library, &to)?;
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    if to.exists() {
        return Ok(());
    }
    fs::copy(from, to)
        .map(|_| ())
        .with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))
}

/// The absolute paths that ldd(1) names; none for a static program or a script.
fn libraries(program: &Path) -> Result<Vec<PathBuf>> {
    let output = process::run(Command::new("ldd").arg(program), DEADLINE)?;
    let words = output
        .stdout
        .split_whitespace()
        .filter(|word| word.starts_with('/'));
    Ok(words
        .map(PathBuf::from)
        .filter(|path| path.is_file())
        .collect())
}
