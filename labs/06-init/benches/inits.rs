//! The init beside tini, dumb-init and catatonit, interleaved: every round measures each of them once.
//!
//! `cargo bench -p lab-06-init`, or with one of `memory`, `start`, `delivery`, `reaping`. A figure
//! above 1 is a multiple of ours: ours is ahead.

mod measure;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use measure::{Init, delivery, memory, reaping, start};

/// The others, and what stands between them and the command.
const OTHERS: [(&str, &[&str]); 4] = [
    ("tini", &["--"]),
    ("tini-static", &["--"]),
    ("dumb-init", &[]),
    ("catatonit", &["--"]),
];

fn main() {
    let words: Vec<String> = env::args()
        .skip(1)
        .filter(|word| word != "--bench")
        .collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    if let ["reap", count] = words[..] {
        return measure::reap_inside(count.parse().expect("a number"));
    }
    if env::args().all(|word| word != "--bench") {
        return println!("nothing to test: `cargo bench` measures");
    }
    let wanted = |name| words.is_empty() || words.contains(&name);

    // Copied, as into an image: how a linker writes a file shows in how it lies in the page cache.
    let folder = tempfile::tempdir().expect("a folder");
    let built = build();
    let [init, probe] = ["06-init", "06-probe"].map(|name| {
        let copy = folder.path().join(name);
        fs::copy(built.join(name), &copy).expect("copied");
        copy
    });

    let mut inits = vec![Init {
        name: "06-init",
        path: Some(init),
        words: &[],
    }];
    for (name, words) in OTHERS {
        match find(name) {
            Some(path) => inits.push(Init {
                name,
                path: Some(path),
                words,
            }),
            None => println!("skipped: {name} is not installed"),
        }
    }
    heading(&inits);
    if wanted("memory") {
        let [resident, private] = memory(&inits, &probe, 5);
        row("resident memory", "kB", &resident);
        row("  of it private", "kB", &private);
    }
    if wanted("reaping") {
        row(
            "10,000 orphans until reaped",
            "ms",
            &reaping(&inits, 10_000, 5),
        );
    }
    // From here on with the bare command, too: what an init adds is the difference.
    inits.push(Init {
        name: "no init",
        path: None,
        words: &[],
    });
    if wanted("start") {
        row("start to end, added", "us", &added(start(&inits, 1000)));
    }
    if wanted("delivery") {
        row(
            "signal to delivery, added",
            "us",
            &added(delivery(&inits, &probe, 4000)),
        );
    }
}

/// What is more than the last one.
fn added(mut figures: Vec<f64>) -> Vec<f64> {
    let bare = figures.pop().expect("the bare command's");
    figures.iter().map(|figure| figure - bare).collect()
}

/// Builds the programs small and static: that is what ships.
fn build() -> PathBuf {
    let rustc = Command::new("rustc")
        .args(["--print", "host-tuple"])
        .output()
        .expect("rustc");
    let host = String::from_utf8(rustc.stdout)
        .expect("UTF-8")
        .trim()
        .to_owned();
    let status = Command::new(env::var_os("CARGO").expect("cargo runs the benchmark"))
        .args([
            "build",
            "--quiet",
            "--release",
            "--package",
            "lab-06-init",
            "--bins",
        ])
        .args(["--target", &host])
        .env("RUSTFLAGS", "-C target-feature=+crt-static")
        .status();
    assert!(
        status.expect("cargo").success(),
        "the programs do not build"
    );
    let package = env::var_os("CARGO_MANIFEST_DIR").expect("cargo runs the benchmark");
    let workspace = Path::new(&package).join("../..");
    let target = env::var_os("CARGO_TARGET_DIR").map_or(workspace.join("target"), PathBuf::from);
    target.join(host).join("release")
}

fn find(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|it| it.is_file())
}

fn heading(inits: &[Init]) {
    print!("{:28}{:>11}   ", "", inits[0].name);
    for init in &inits[1..] {
        print!("{:>13}", init.name);
    }
    println!();
}

/// The first figure as it is, the others as its multiples.
fn row(what: &str, unit: &str, figures: &[f64]) {
    print!("{what:28}{:>11.1} {unit}", figures[0]);
    for figure in &figures[1..] {
        print!("{:>13.2}", figure / figures[0]);
    }
    println!();
}
