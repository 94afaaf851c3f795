//! The launcher on a workspace of its own, with real cargo: what runs is always what the sources say.

use std::fs;
use std::process::{Command, Output};

use tempfile::TempDir;

/// A workspace laid out like this one, whose runner prints a word.
struct Workspace(TempDir);

impl Workspace {
    fn new(word: &str) -> Workspace {
        // Where cargo keeps what tests write: the launcher cannot be linked into another file system.
        let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
        let workspace = Workspace(folder);
        workspace.write(
            "Cargo.toml",
            "[workspace]\nresolver = \"3\"\nmembers = [\"xtask\"]\n[profile.lab]\ninherits = \"dev\"\n",
        );
        let runner =
            "[package]\nname = \"xtask\"\nedition = \"2024\"\n[dependencies]\nlaunch.path = ";
        let manifest = format!("{runner}{:?}\n", env!("CARGO_MANIFEST_DIR"));
        workspace.write("xtask/Cargo.toml", &manifest);
        workspace.write("xtask/launch/Cargo.toml", "");
        workspace.prints(word);
        let locked = Command::new(cargo())
            .args(["generate-lockfile", "--quiet", "--offline"])
            .current_dir(workspace.0.path())
            .status();
        assert!(locked.is_ok_and(|status| status.success()));
        let folder = workspace.0.path().join("target/lab");
        fs::create_dir_all(&folder).expect("a folder");
        fs::hard_link(env!("CARGO_BIN_EXE_launch"), folder.join("launch")).expect("a link");
        workspace
    }

    fn prints(&self, word: &str) {
        let source = format!(
            "fn main() {{
                let own = std::env::current_exe().unwrap();
                let root = std::path::Path::new({:?});
                let cargo = std::env::var_os(\"CARGO\").unwrap();
                launch::Freshness::new(own.parent().unwrap(), root, cargo).note_own(\"xtask\");
                println!(\"{word} {{:?}}\", std::env::args().skip(1).collect::<Vec<_>>());
            }}",
            self.0.path()
        );
        self.write("xtask/src/main.rs", &source);
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("written");
    }

    /// As cargo would start it for `cargo xtask lab 3`, from another folder.
    fn launch(&self) -> Output {
        Command::new(self.0.path().join("target/lab/launch"))
            .args(["lab", "3"])
            .env("CARGO", cargo())
            .env("CARGO_MANIFEST_DIR", self.0.path().join("xtask/launch"))
            .env_remove("CARGO_TARGET_DIR")
            .current_dir("/")
            .output()
            .expect("the launcher runs")
    }
}

fn cargo() -> std::ffi::OsString {
    std::env::var_os("CARGO").expect("cargo runs the tests")
}

/// What it printed, and whether cargo had a say.
fn said(output: &Output) -> (&str, bool) {
    let text = |bytes| std::str::from_utf8(bytes).expect("text");
    (text(&output.stdout), !text(&output.stderr).is_empty())
}

#[test]
fn cargo_is_asked_when_something_has_changed_and_only_then() {
    let workspace = Workspace::new("one");
    let (one, two) = ("one [\"lab\", \"3\"]\n", "two [\"lab\", \"3\"]\n");
    assert_eq!(said(&workspace.launch()), (one, true), "never built");
    assert_eq!(said(&workspace.launch()), (one, false), "up to date");
    workspace.prints("two");
    assert_eq!(said(&workspace.launch()), (two, true), "edited");
    assert_eq!(said(&workspace.launch()), (two, false), "up to date again");
    fs::remove_file(workspace.0.path().join("target/lab/xtask")).expect("removed");
    assert_eq!(said(&workspace.launch()), (two, true), "gone");
}

#[test]
fn a_runner_that_does_not_compile_is_not_run_in_its_old_form() {
    let workspace = Workspace::new("one");
    assert!(workspace.launch().status.success());
    workspace.write("xtask/src/main.rs", "fn main() { no such thing }");
    for _ in 0..2 {
        let output = workspace.launch();
        assert_eq!(output.status.code(), Some(101), "cargo's own status");
        assert_eq!(said(&output), ("", true));
    }
    workspace.prints("two");
    assert_eq!(said(&workspace.launch()).0, "two [\"lab\", \"3\"]\n");
}

#[test]
fn without_cargo_it_says_how_to_start_it() {
    let output = Command::new(env!("CARGO_BIN_EXE_launch"))
        .env_remove("CARGO")
        .output()
        .expect("the launcher runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("type `cargo xtask`"));
}
