//! From a saved file to the verdict on exercise 2, on pocket: the workshop, against cargo's build of the program, pocket's of
//! the image and the grader's commands in a plain bash, one after the other.

use std::fs;
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use launch::Build;

use super::{median, timed};

const ROUNDS: usize = 7;

/// Measures it in a copy of the checkout: the exercise is edited.
pub fn save(root: &Path) {
    let folder = tempfile::tempdir().expect("a folder");
    let copy = folder.path();
    for part in [
        "Cargo.toml",
        "Cargo.lock",
        ".cargo",
        "clippy.toml",
        "labs",
        "xtask",
        "book/src",
    ] {
        let to = copy.join(part);
        fs::create_dir_all(to.parent().expect("a folder")).expect("a folder");
        timed(Command::new("cp").arg("-r").arg(root.join(part)).arg(to));
    }
    let solution =
        fs::read_to_string(copy.join("labs/02-pid1/solution/main.rs")).expect("a solution");
    let exercise = copy.join("labs/02-pid1/exercise/main.rs");
    let edit =
        |round: usize| fs::write(&exercise, format!("{solution}// {round}\n")).expect("written");
    edit(0);
    let cargo = || {
        let mut command = Command::new("cargo");
        command
            .current_dir(copy)
            .env("CARGO_TARGET_DIR", copy.join("target"));
        command
    };
    let commands = grader(cargo().args([
        "xtask", "exercise", "2", "--engine", "pocket", "--format", "json",
    ]));
    let mut workshop =
        Workshop::start(cargo().args(["xtask", "workshop", "2", "--plain", "--engine", "pocket"]));
    workshop.verdict();
    let plain = Plain::new(copy, &commands);
    let (mut watched, mut by_hand) = (Vec::new(), Vec::new());
    for round in 1..=ROUNDS {
        let began = Instant::now();
        edit(round);
        workshop.verdict();
        watched.push(began.elapsed().as_secs_f64());
    }
    drop(workshop);
    for round in 1..=ROUNDS {
        edit(ROUNDS + round);
        by_hand.push(plain.grade().as_secs_f64());
    }
    let [watched, by_hand] = [watched, by_hand].map(median);
    println!("saved to verdict, exercise 2, pocket   {watched:>8.3} s");
    println!("cargo, docker build, plain bash        {by_hand:>8.3} s");
    println!("ratio {:.3} of {ROUNDS} rounds each", watched / by_hand);
}

/// The workshop at work.
struct Workshop {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Workshop {
    fn start(command: &mut Command) -> Workshop {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("cargo runs");
        let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        Workshop { child, lines }
    }

    /// Waits until it has passed.
    fn verdict(&mut self) {
        for line in self.lines.by_ref().map_while(Result::ok) {
            assert!(!line.starts_with("FAILED"), "the solution fails");
            if line.starts_with("PASSED") {
                return;
            }
        }
        panic!("the workshop has ended");
    }
}

impl Drop for Workshop {
    fn drop(&mut self) {
        if let Some(mut stdin) = self.child.stdin.take() {
            let _ = stdin.write_all(b"quit\n");
        }
        let _ = self.child.wait();
    }
}

/// The same without the workshop and without the runner.
struct Plain {
    build: Build,
    root: PathBuf,
    bash: String,
}

impl Plain {
    fn new(root: &Path, commands: &str) -> Plain {
        let build = Build::new(root.to_owned(), root.join("target"), "cargo".into());
        let state = root.join("target/xtask/pocket/02-pid1");
        let bash = format!(
            "export PATH={}/bin:$PATH POCKET_ROOT={0}/state LC_ALL=C.UTF-8; exec 2>/dev/null\n\
             docker build -q -t lab02:exercise -f exercise/Dockerfile . >/dev/null\n{commands}",
            state.display()
        );
        Plain {
            build,
            root: root.to_owned(),
            bash,
        }
    }

    fn grade(&self) -> Duration {
        let lab = self.root.join("labs/02-pid1");
        let built = timed(&mut self.build.command(&self.root, ["02-exercise"]));
        let began = Instant::now();
        fs::copy(
            self.build.folder().join("02-exercise"),
            lab.join("bin/02-exercise"),
        )
        .expect("copied");
        let copied = began.elapsed();
        let mut bash = Command::new("bash");
        bash.args(["--norc", "-c", &self.bash]).current_dir(lab);
        built + copied + timed(&mut bash)
    }
}

/// The grader's commands, as somebody would type them one after the other.
fn grader(command: &mut Command) -> String {
    let json = command.output().expect("cargo runs");
    let report: serde_json::Value =
        serde_json::from_slice(&json.stdout).expect("the runner prints JSON");
    assert_eq!(report["verdict"], "passed", "{report}");
    let steps = report["labs"][0]["steps"]
        .as_array()
        .expect("the exercise has steps");
    let commands: Vec<&str> = steps
        .iter()
        .filter_map(|step| step["command"].as_str())
        .collect();
    format!("set -m\n{}\n", commands.join("\n"))
}
