//! Which images a lab has, and whether the engine's are up to date: building one that has not changed costs a tenth
//! of a second with podman and half a second with docker.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::engine::programs::Which;

/// The label that says what an image was built from.
pub const LABEL: &str = "trapping-signals.inputs";

/// An image to build.
#[derive(Debug)]
pub struct Image {
    /// `lab03:shell`.
    pub name: String,
    /// Its Dockerfile.
    pub file: PathBuf,
    /// A number for all that goes into it: its Dockerfile, the base, and the lab's folder, file by file with mode,
    /// size and time of change.
    pub inputs: String,
}

/// The images of a lab, on `base`: `Dockerfile` is `labNN`, `Dockerfile.x` is `labNN:x`; for the exercise or its solution,
/// that folder's `Dockerfile` is `labNN:exercise` and `Dockerfile.x` is `labNN:x`.
pub fn list(lab: &Path, number: &str, which: &Which, base: &str) -> Result<Vec<Image>> {
    // The same for all of them: the folder is read once.
    let mut shared = DefaultHasher::new();
    base.hash(&mut shared);
    hash_folder(lab, &mut shared).with_context(|| format!("cannot read {}", lab.display()))?;
    let (folder, default) = match which.folder() {
        None => (lab.to_owned(), "latest"),
        Some(name) => (lab.join(name), "exercise"),
    };
    let entries =
        fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut images: Vec<Image> = entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let tag = match name.strip_prefix("Dockerfile")? {
                "" => default,
                rest => rest.strip_prefix('.')?,
            };
            let mut hasher = shared.clone();
            entry.path().hash(&mut hasher);
            Some(Image {
                name: format!("lab{number}:{tag}"),
                file: entry.path(),
                inputs: format!("{:016x}", hasher.finish()),
            })
        })
        .collect();
    images.sort_by(|a, b| a.file.cmp(&b.file));
    Ok(images)
}

fn hash_folder(folder: &Path, hasher: &mut DefaultHasher) -> std::io::Result<()> {
    let mut entries = fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let data = entry.metadata()?;
        entry.file_name().hash(hasher);
        data.mode().hash(hasher);
        if data.is_dir() {
            hash_folder(&entry.path(), hasher)?;
        } else {
            (data.size(), data.mtime(), data.mtime_nsec()).hash(hasher);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_dockerfile_is_an_image() {
        let lab = tempfile::tempdir().expect("a folder");
        fs::create_dir(lab.path().join("exercise")).expect("a folder");
        for name in [
            "Dockerfile",
            "Dockerfile.sh",
            "Dockerfiles",
            "exercise/Dockerfile",
        ] {
            fs::write(lab.path().join(name), "FROM scratch\n").expect("written");
        }
        let names = |which| {
            let images = list(lab.path(), "03", &which, "base:1").expect("images");
            images
                .into_iter()
                .map(|image| image.name)
                .collect::<Vec<_>>()
        };
        assert_eq!(names(Which::Lab), ["lab03:latest", "lab03:sh"]);
        assert_eq!(names(Which::Exercise), ["lab03:exercise"]);
    }

    #[test]
    fn whatever_changes_is_seen() {
        let lab = tempfile::tempdir().expect("a folder");
        let path = |name: &str| lab.path().join(name);
        fs::create_dir(path("bin")).expect("a folder");
        fs::write(path("Dockerfile"), "FROM scratch\n").expect("written");
        fs::write(path("bin/app"), "one").expect("written");
        let now = |base| {
            let mut images = list(lab.path(), "03", &Which::Lab, base).expect("images");
            images.remove(0).inputs
        };
        let first = now("base:1");
        assert_eq!(now("base:1"), first);
        assert_ne!(now("base:2"), first, "another base");
        fs::write(path("bin/app"), "two!").expect("written");
        let second = now("base:1");
        assert_ne!(second, first, "another program");
        fs::write(path("bin/more"), "").expect("written");
        assert_ne!(now("base:1"), second, "one more file");
    }
}
