//! What the first command of a fresh checkout will need beside the runner. Cargo is told of all of it at once: while one
//! core links the runner, the other compiles pocket.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::Path;

use launch::programs;

/// Programs. What is forgotten here the runner builds later, and what is too much
/// costs time and nothing else.
pub fn needed(root: &Path, words: &[OsString]) -> Vec<String> {
    let ready_made = env::var_os("LAB_PROGRAMS").is_some();
    let words: Vec<&str> = words.iter().filter_map(|word| word.to_str()).collect();
    let runs_labs = ["lab", "exercise", "shell"]
        .iter()
        .any(|task| words.contains(task));
    if ready_made || !runs_labs || !cfg!(target_os = "linux") {
        return Vec::new();
    }
    let pocket = takes_pocket(
        &words,
        env::var_os("LAB_ENGINE").as_deref(),
        &env::var_os("PATH").unwrap_or_default(),
    );
    let mut found = Vec::new();
    for entry in fs::read_dir(root.join("labs"))
        .into_iter()
        .flatten()
        .flatten()
    {
        let (folder, name) = (entry.path(), entry.file_name());
        let Some((number, slug)) = name.to_str().and_then(|name| name.split_once('-')) else {
            continue;
        };
        let is_named =
            |word: &&str| *word == slug || Some(*word) == name.to_str() || is_number(word, number);
        let named = words.iter().any(is_named);
        for program in programs(&folder).unwrap_or_default() {
            // What the reader writes need not compile: that is for the runner to tell.
            let own = program.ends_with("-exercise") || program.ends_with("-solution");
            if (program == "pocket" && pocket) || (named && !own) {
                found.push(program);
            }
        }
    }
    found
}

fn is_number(word: &str, number: &str) -> bool {
    word.parse::<u32>()
        .is_ok_and(|word| number.parse() == Ok(word))
}

/// Whether labs will run on pocket, as far as that can be told without asking a daemon.
fn takes_pocket(words: &[&str], chosen: Option<&OsStr>, path: &OsStr) -> bool {
    let by_flag = words.iter().enumerate().find_map(|(at, word)| match *word {
        "--engine" => words.get(at + 1).copied(),
        word => word.strip_prefix("--engine="),
    });
    let chosen = by_flag.map(OsStr::new).or(chosen);
    match chosen.and_then(OsStr::to_str) {
        Some("docker" | "podman") => false,
        Some("pocket") => true,
        _ => !env::split_paths(path)
            .any(|folder| folder.join("docker").exists() || folder.join("podman").exists()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pocket_is_taken_when_asked_for_or_when_there_is_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let takes = |words: &[&str], chosen: Option<&str>| {
            takes_pocket(words, chosen.map(OsStr::new), folder.path().as_os_str())
        };
        assert!(takes(&["lab", "3"], None), "nothing else is there");
        assert!(!takes(&["lab", "--engine", "docker"], None));
        assert!(!takes(&["lab", "3"], Some("podman")));
        fs::write(folder.path().join("podman"), "").expect("written");
        assert!(!takes(&["lab", "3"], None));
        assert!(takes(&["lab", "3"], Some("pocket")));
        assert!(takes(&["lab", "--engine", "pocket"], Some("docker")));
        assert!(takes(&["lab", "--engine=pocket", "3"], None));
    }

    #[test]
    fn the_named_labs_programs_are_needed_but_for_the_readers_own() {
        let folder = tempfile::tempdir().expect("a folder");
        for (lab, programs) in [
            ("03-one", ["03-one", "03-exercise"]),
            ("13-engine", ["pocket", "13-probe"]),
        ] {
            let bins = programs.map(|name| format!("[[bin]]\nname = \"{name}\"\n"));
            let package = folder.path().join("labs").join(lab);
            fs::create_dir_all(&package).expect("a folder");
            fs::write(package.join("Cargo.toml"), bins.concat()).expect("written");
        }
        let names = |line: &str| {
            let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            let mut names = needed(folder.path(), &words);
            names.sort();
            names.join(" ")
        };
        for lab in ["3", "03", "one", "03-one"] {
            assert_eq!(names(&format!("lab {lab} --engine docker")), "03-one");
        }
        assert_eq!(names("exercise 3 --engine pocket"), "03-one pocket");
        assert_eq!(names("lab 13 --engine docker"), "13-probe pocket");
        assert_eq!(names("doctor --engine pocket"), "");
    }
}
