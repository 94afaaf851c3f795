//! Whether what cargo has built is up to date, without asking cargo: starting it costs a tenth of a second.
//!
//! Cargo writes down what it has read for each program (`NAME.d`, a rule for make). A stamp beside it says when the
//! last build of that program began, with which cargo, and which file came of it: a build by hand, in the same
//! profile, puts another one there. When in doubt the answer is no, and cargo decides.

use std::ffi::OsString;
use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The programs of one build: their folder, what else a build depends on, and the cargo that makes it.
#[derive(Debug)]
pub(crate) struct Freshness {
    folder: PathBuf,
    manifests: Vec<PathBuf>,
    cargo: OsString,
}

impl Freshness {
    /// Of programs in `folder`, built by `cargo` in the workspace `root`.
    pub(crate) fn new(folder: PathBuf, root: &Path, cargo: OsString) -> Freshness {
        let manifests = ["Cargo.toml", "Cargo.lock", ".cargo/config.toml"];
        Freshness {
            folder,
            manifests: manifests.iter().map(|name| root.join(name)).collect(),
            cargo,
        }
    }

    /// Whether a build of `program`, made of the packages in these folders, would change nothing.
    pub(crate) fn is_fresh(&self, program: &str, packages: &[&Path]) -> bool {
        let Ok(built) = fs::read(self.stamp(program)) else {
            return false;
        };
        let Some(began) = modified(&self.stamp(program)) else {
            return false;
        };
        let Ok(rule) = fs::read_to_string(self.folder.join(format!("{program}.d"))) else {
            return false;
        };
        let files = dependencies(&rule);
        let older = |path: &Path| modified(path).is_some_and(|time| time < began);
        self.contents(program).is_some_and(|now| now == built)
            && packages.iter().all(|package| older(&package.join("Cargo.toml")))
            && older(Path::new(&self.cargo))
            // Not every workspace has a configuration of its own.
            && self.manifests.iter().all(|path| !path.exists() || older(path))
            // Built before the checkout was moved or copied: then the files are another one's.
            && packages.iter().all(|package| files.iter().any(|path| path.starts_with(package)))
            && files.iter().all(|path| older(path))
    }

    /// Notes that cargo has built `program`, from what was there when it `began`.
    pub(crate) fn note(&self, program: &str, began: SystemTime) {
        // Without a stamp the program counts as old, so nothing is lost but time.
        let Some(contents) = self.contents(program) else {
            return;
        };
        let _ = File::create(self.stamp(program)).and_then(|mut file| {
            std::io::Write::write_all(&mut file, &contents)?;
            file.set_modified(began)
        });
    }

    /// What the stamp of a program says: its cargo, and which file it is. `None` if there is no such file.
    fn contents(&self, program: &str) -> Option<Vec<u8>> {
        let file = fs::metadata(self.folder.join(program)).ok()?;
        let which = format!("\n{} {} {}\n", file.ino(), file.mtime(), file.mtime_nsec());
        Some([self.cargo.as_encoded_bytes(), which.as_bytes()].concat())
    }

    fn stamp(&self, program: &str) -> PathBuf {
        self.folder.join(format!("{program}.stamp"))
    }
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).ok()?.modified().ok()
}

/// The files behind the colon of a make rule; a blank in a name has a backslash before it.
fn dependencies(rule: &str) -> Vec<PathBuf> {
    let Some((_, list)) = rule.split_once(": ") else {
        return Vec::new();
    };
    list.replace("\\ ", "\0")
        .split_whitespace()
        .map(|word| word.replace('\0', " ").into())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_rule_names_its_files() {
        let rule = "/out/app: /a/src/main.rs /a/with\\ blank.rs\n";
        let files: Vec<PathBuf> = vec!["/a/src/main.rs".into(), "/a/with blank.rs".into()];
        assert_eq!(dependencies(rule), files);
        assert!(dependencies("").is_empty());
    }

    #[test]
    fn whatever_changes_makes_it_old() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        let now = SystemTime::now();
        let write = |name: &str, text: &str, age: u64| {
            let mut file = File::create(root.join(name)).expect("a file");
            std::io::Write::write_all(&mut file, text.as_bytes()).expect("written");
            let time = now - Duration::from_secs(age);
            file.set_modified(time).expect("a time");
        };
        let fresh = || Freshness::new(root.to_owned(), root, root.join("cargo").into());
        let build = || {
            for name in ["Cargo.toml", "Cargo.lock", "cargo", "main.rs", "app"] {
                write(name, "", 60);
            }
            let rule = format!("app: {}\n", root.join("main.rs").display());
            write("app.d", &rule, 60);
            fresh().note("app", now - Duration::from_secs(30));
            assert!(fresh().is_fresh("app", &[root]), "just built");
        };
        assert!(!fresh().is_fresh("app", &[root]), "never built");
        for name in ["Cargo.toml", "Cargo.lock", "cargo", "main.rs"] {
            build();
            write(name, "", 10);
            assert!(!fresh().is_fresh("app", &[root]), "{name} is newer");
        }
        for name in ["app", "app.d", "main.rs", "cargo", "Cargo.toml"] {
            build();
            fs::remove_file(root.join(name)).expect("removed");
            assert!(!fresh().is_fresh("app", &[root]), "{name} is gone");
        }
        build();
        write("other", "", 50);
        fs::rename(root.join("other"), root.join("app")).expect("renamed");
        assert!(!fresh().is_fresh("app", &[root]), "another program");
        build();
        let other = Freshness::new(root.to_owned(), root, root.join("main.rs").into());
        assert!(!other.is_fresh("app", &[root]), "another cargo");
        let copy = tempfile::tempdir_in(root).expect("a folder");
        fs::copy(root.join("Cargo.toml"), copy.path().join("Cargo.toml")).expect("copied");
        File::open(copy.path().join("Cargo.toml"))
            .and_then(|file| file.set_modified(now - Duration::from_secs(60)))
            .expect("a time");
        assert!(!fresh().is_fresh("app", &[copy.path()]), "a copy's");
        write("app.d", "app: \n", 60);
        assert!(!fresh().is_fresh("app", &[root]), "made of nothing");
    }
}
