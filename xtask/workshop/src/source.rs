//! The learner's files: what they are by their content, the start to go back to, and what the solution does differently.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use similar::TextDiff;

use crate::course::{Course, Exercise};

/// What the workshop keeps, below the checkout.
pub const KEPT: &str = ".workshop";

/// The files of a folder, by their paths in it.
fn files(folder: &Path) -> Result<BTreeMap<PathBuf, Vec<u8>>> {
    fn add(
        folder: &Path,
        below: &Path,
        files: &mut BTreeMap<PathBuf, Vec<u8>>,
    ) -> std::io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = below.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                add(&entry.path(), &name, files)?;
            } else if !is_an_editors(&name) {
                files.insert(name, fs::read(entry.path())?);
            }
        }
        Ok(())
    }
    let mut all = BTreeMap::new();
    add(folder, Path::new(""), &mut all)
        .with_context(|| format!("cannot read {}", folder.display()))?;
    Ok(all)
}

/// A file that an editor puts beside the one that is edited, and takes away again.
fn is_an_editors(name: &Path) -> bool {
    let name = name.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with('.') || name.starts_with('#') || name.ends_with('~') || name == "4913"
}

/// A number for all files of an exercise: the same content gives the same number, on every machine.
pub fn fingerprint(root: &Path, exercise: &Exercise) -> Result<String> {
    let mut hasher = Sha256::new();
    for (path, bytes) in files(&exercise.folder(root))? {
        // Lengths keep one file's end apart from the next one's beginning.
        let name = path.as_os_str().as_encoded_bytes();
        for part in [name, &bytes] {
            hasher.update(part.len().to_le_bytes());
            hasher.update(part);
        }
    }
    let sum = hasher.finalize();
    Ok(sum.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Keeps the start of each exercise, once: as it was committed, or where that is not known, as it is now.
pub fn keep_starts(root: &Path, course: &Course) -> Result<()> {
    for exercise in &course.exercises {
        let kept = start(root, exercise);
        if kept.exists() {
            continue;
        }
        let new = kept.with_extension("new");
        let _ = fs::remove_dir_all(&new);
        let context = || format!("cannot keep the start in {}", kept.display());
        for (path, bytes) in files(&exercise.folder(root))? {
            let committed = committed(root, &exercise.folder(root).join(&path));
            write(&new.join(&path), committed.as_deref().unwrap_or(&bytes))
                .with_context(context)?;
            let from = fs::metadata(exercise.folder(root).join(&path)).with_context(context)?;
            fs::set_permissions(new.join(&path), from.permissions()).with_context(context)?;
        }
        fs::rename(&new, &kept).with_context(context)?;
    }
    Ok(())
}

fn start(root: &Path, exercise: &Exercise) -> PathBuf {
    root.join(KEPT).join("start").join(&exercise.slug)
}

/// A file as it was committed last, if git knows it.
fn committed(root: &Path, path: &Path) -> Option<Vec<u8>> {
    let below = path.strip_prefix(root).ok()?.to_str()?;
    let mut git = Command::new("git");
    git.current_dir(root)
        .args(["show", &format!("HEAD:./{below}")]);
    let output = git.output().ok()?;
    output.status.success().then_some(output.stdout)
}

fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, bytes)
}

/// Puts an exercise back to its start, and returns where a copy of the learner's files is.
pub fn reset(root: &Path, exercise: &Exercise) -> Result<PathBuf> {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let name = format!("{}-{}", exercise.slug, now.as_millis());
    let copy = root.join(KEPT).join("kept").join(name);
    let folder = exercise.folder(root);
    let context = || format!("cannot reset {}", folder.display());
    for (path, bytes) in files(&folder)? {
        write(&copy.join(path), &bytes).with_context(context)?;
    }
    // The copy is whole: now the start may take its place, file by file, for the folder is watched.
    let start = start(root, exercise);
    let wanted = files(&start)?;
    for (path, bytes) in &wanted {
        write(&folder.join(path), bytes).with_context(context)?;
        let from = fs::metadata(start.join(path)).with_context(context)?;
        fs::set_permissions(folder.join(path), from.permissions()).with_context(context)?;
    }
    for path in files(&folder)?.keys() {
        if !wanted.contains_key(path) {
            fs::remove_file(folder.join(path)).with_context(context)?;
        }
    }
    Ok(copy)
}

/// What the solution does differently, as a diff.
pub fn solution(root: &Path, exercise: &Exercise) -> Result<String> {
    let mine = files(&exercise.folder(root))?;
    let theirs = files(&exercise.folder(root).with_file_name("solution"))?;
    let names: std::collections::BTreeSet<_> = mine.keys().chain(theirs.keys()).collect();
    let mut text = String::new();
    for name in names {
        let side = |files: &BTreeMap<PathBuf, Vec<u8>>| {
            let bytes = files.get(name).map(Vec::as_slice).unwrap_or_default();
            // The two programs have their folder's name in the Dockerfile and nowhere else.
            String::from_utf8_lossy(bytes)
                .replace("-exercise", "-solution")
                .replace("exercise/", "solution/")
        };
        let (mine, theirs) = (side(&mine), side(&theirs));
        if mine != theirs {
            let diff = TextDiff::from_lines(&mine, &theirs);
            let (from, to) = (
                format!("exercise/{}", name.display()),
                format!("solution/{}", name.display()),
            );
            text.push_str(&diff.unified_diff().header(&from, &to).to_string());
        }
    }
    Ok(match text.is_empty() {
        true => "Yours is the solution, word by word.\n".to_owned(),
        false => text,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exercise() -> Exercise {
        Exercise {
            slug: "03-x".into(),
            title: String::new(),
            question: String::new(),
            hints: Vec::new(),
        }
    }

    #[test]
    fn a_reset_brings_the_start_back_and_loses_nothing() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        let file = |path: &str| root.join("labs/03-x/exercise").join(path);
        write(&file("run.sh"), b"start").unwrap();
        let course = Course {
            exercises: vec![exercise()],
        };
        keep_starts(root, &course).unwrap();
        let first = fingerprint(root, &exercise()).unwrap();
        fs::write(file("run.sh"), "mine").unwrap();
        fs::write(file("more"), "new").unwrap();
        // What is kept is kept once.
        keep_starts(root, &course).unwrap();
        assert_ne!(fingerprint(root, &exercise()).unwrap(), first);
        let copy = reset(root, &exercise()).unwrap();
        assert_eq!(fingerprint(root, &exercise()).unwrap(), first);
        assert_eq!(fs::read(copy.join("run.sh")).unwrap(), b"mine");
        assert_eq!(fs::read(copy.join("more")).unwrap(), b"new");
    }

    #[test]
    fn only_content_counts() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        let file = |path: &str| root.join("labs/03-x/exercise").join(path);
        write(&file("ab"), b"c").unwrap();
        let first = fingerprint(root, &exercise()).unwrap();
        fs::write(file("ab"), "c").unwrap();
        for editors in [".main.rs.swp", "main.rs~", "4913"] {
            fs::write(file(editors), "x").unwrap();
        }
        assert_eq!(fingerprint(root, &exercise()).unwrap(), first);
        fs::remove_file(file("ab")).unwrap();
        write(&file("a"), b"bc").unwrap();
        assert_ne!(fingerprint(root, &exercise()).unwrap(), first);
    }

    #[test]
    fn the_solution_is_told_by_what_it_changes() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        let lab = root.join("labs/03-x");
        write(
            &lab.join("exercise/Dockerfile"),
            b"COPY bin/03-exercise /app\n",
        )
        .unwrap();
        write(
            &lab.join("solution/Dockerfile"),
            b"COPY bin/03-solution /app\n",
        )
        .unwrap();
        let told = solution(root, &exercise()).unwrap();
        assert_eq!(told, "Yours is the solution, word by word.\n");
        write(&lab.join("exercise/run.sh"), b"app\n").unwrap();
        write(&lab.join("solution/run.sh"), b"exec app\n").unwrap();
        let told = solution(root, &exercise()).unwrap();
        assert!(told.contains("-app\n+exec app\n"), "{told}");
        assert!(!told.contains("Dockerfile"), "{told}");
    }
}
