//! The helper's image: this very program, and nothing else.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::cleanup;
use super::command::Engine;
use super::image;

/// The word by which this program knows that it runs in the helper container.
pub const INSIDE: &str = "__trace";

/// Where the program stands in the helper's image.
pub const PROGRAM: &str = "/stoppable";

/// Makes the image. A program that is not linked statically (`cargo install`) takes its libraries along: those that
/// the kernel and the loader have mapped into this process (proc_pid_maps(5)).
pub fn image(engine: &Engine) -> Result<String> {
    let folder = cleanup::folder("helper")?;
    let built = fill(&folder).and_then(|()| image::build(engine, &folder, None));
    cleanup::remove_folder(&folder);
    built
}

/// Writes the build context.
fn fill(folder: &Path) -> Result<()> {
    let program = folder.join("stoppable");
    fs::copy("/proc/self/exe", &program).context("cannot copy this program")?;
    make_executable(&program)?;
    let mut dockerfile = format!("FROM scratch\nCOPY stoppable {PROGRAM}\n");
    for (index, library) in libraries()?.into_iter().enumerate() {
        fs::copy(&library, folder.join(format!("library{index}")))
            .with_context(|| format!("cannot copy {}", library.display()))?;
        dockerfile += &format!("COPY library{index} {}\n", library.display());
    }
    dockerfile += &format!("ENTRYPOINT [\"{PROGRAM}\", \"{INSIDE}\"]\n");
    fs::write(folder.join("Dockerfile"), dockerfile).context("cannot write a Dockerfile")
}

fn make_executable(file: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(file, fs::Permissions::from_mode(0o755))
        .context("cannot make this program executable")
}

/// Every file that is mapped here but the program itself.
fn libraries() -> Result<BTreeSet<PathBuf>> {
    let own = fs::read_link("/proc/self/exe").context("cannot find this program")?;
    let maps = fs::read_to_string("/proc/self/maps").context("cannot read /proc/self/maps")?;
    let mapped = maps
        .lines()
        .filter_map(|line| line.find('/').map(|at| PathBuf::from(&line[at..])));
    Ok(mapped
        .filter(|path| *path != own && path.is_file())
        .collect())
}
