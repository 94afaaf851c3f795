//! A checkout for a test, and what `cargo xtask` says in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// A checkout laid out like this one, with the real launcher, and with a runner that prints a word.
pub struct Checkout {
    pub root: PathBuf,
}

impl Checkout {
    pub fn new(root: PathBuf, word: &str) -> Checkout {
        let package = std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo runs the tests");
        let ours = Path::new(&package).join("../..");
        let checkout = Checkout { root };
        checkout.write(
            "Cargo.toml",
            "[workspace]\nresolver = \"3\"\nmembers = [\"labs/*\", \"xtask\", \"xtask/launch\"]\n[profile.lab]\ninherits = \"dev\"\n",
        );
        let manifest = |name: &str, more: &str| {
            format!("[package]\nname = \"{name}\"\nversion = \"1.0.0\"\nedition = \"2024\"\n{more}")
        };
        checkout.write(
            "xtask/Cargo.toml",
            &manifest("xtask", "[dependencies]\nlaunch.path = \"launch\"\n"),
        );
        checkout.write("xtask/launch/Cargo.toml", &manifest("launch", ""));
        // `labs/*` has to mean something.
        checkout.lab_with("04-fourth", "04-fourth", "fn main() {}");
        checkout.prints(word);
        for folder in [".cargo", "xtask/launch/src"] {
            fs::create_dir_all(checkout.root.join(folder)).expect("a folder");
        }
        fs::copy(
            ours.join(".cargo/config.toml"),
            checkout.root.join(".cargo/config.toml"),
        )
        .expect("copied");
        fs::copy(
            ours.join("xtask/static-rustc"),
            checkout.root.join("xtask/static-rustc"),
        )
        .expect("copied");
        for file in fs::read_dir(ours.join("xtask/launch/src"))
            .expect("sources")
            .flatten()
        {
            let to = checkout
                .root
                .join("xtask/launch/src")
                .join(file.file_name());
            fs::copy(file.path(), to).expect("copied");
        }
        checkout
    }

    pub fn prints(&self, word: &str) {
        let source = format!(
            "fn main() {{ println!(\"{word} {{:?}}\", std::env::args().skip(1).collect::<Vec<_>>()); }}\n\
             pub use launch::target_folder;\n"
        );
        self.write("xtask/src/main.rs", &source);
    }

    /// A package of its labs, with one program.
    pub fn lab_with(&self, lab: &str, program: &str, source: &str) {
        let manifest = format!(
            "[package]\nname = \"lab-{lab}\"\nedition = \"2024\"\n[[bin]]\nname = \"{program}\"\npath = \"main.rs\"\n"
        );
        self.write(&format!("labs/{lab}/Cargo.toml"), &manifest);
        self.write(&format!("labs/{lab}/main.rs"), source);
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.root.join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("written");
    }

    /// `cargo xtask lab 3`, typed in a folder of it.
    pub fn typed_in(&self, folder: &str) -> Command {
        let mut command = Command::new(cargo());
        command
            .args(["xtask", "lab", "3"])
            .current_dir(self.root.join(folder))
            .env("CARGO_NET_OFFLINE", "true")
            .env_remove("CARGO_MANIFEST_DIR")
            .env_remove("CARGO_TARGET_DIR");
        command
    }

    pub fn lab(&self) -> Output {
        self.typed_in(".").output().expect("cargo runs")
    }

    /// What the runner of this checkout prints when it is told of this checkout.
    pub fn says(&self, word: &str) -> String {
        format!("{word} [\"--checkout\", {:?}, \"lab\", \"3\"]\n", self.root)
    }
}

fn cargo() -> std::ffi::OsString {
    std::env::var_os("CARGO").expect("cargo runs the tests")
}

pub fn folder() -> (TempDir, PathBuf) {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().canonicalize().expect("a path");
    (folder, path)
}

/// What it printed, and whether the runner was compiled.
pub fn said(output: &Output) -> (&str, bool) {
    let text = |bytes| std::str::from_utf8(bytes).expect("text");
    let errors = text(&output.stderr);
    (text(&output.stdout), errors.contains("Compiling xtask"))
}

/// What it printed. Shows everything if it is something else.
#[track_caller]
pub fn prints(output: &Output, expected: &str) {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(said(output).0, expected, "{errors}");
}
