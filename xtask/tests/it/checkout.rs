//! The runner works on the checkout in which it is started: on a small one that was moved, copied, linked to, named
//! oddly, or cannot be written to.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::unistd::geteuid;

use crate::support::{Course, Run, finish};

/// The fixture course as a checkout, with the runner where cargo would have put it.
struct Checkout {
    course: Course,
    pocket: PathBuf,
}

impl Checkout {
    fn new() -> Checkout {
        let course = Course::new();
        // The engine is a program of the book's own checkout, which this small one has not.
        let run = course.run(&["lab", "1", "--format", "json"]).ends(0);
        let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        let pocket = Path::new(report["engine"]["program"].as_str().unwrap());
        let checkout = Checkout {
            pocket: pocket.parent().unwrap().to_owned(),
            course,
        };
        let inner = checkout.path("a/target/lab");
        fs::create_dir_all(&inner).unwrap();
        for part in ["book", "labs", "Cargo.toml"] {
            fs::rename(checkout.path(part), checkout.path("a").join(part)).unwrap();
        }
        // By another process: what other tests fork meanwhile must not inherit a descriptor that writes to a program.
        let mut copy = Command::new("cp");
        copy.arg(launch::program_under_test("xtask"))
            .arg(inner.join("xtask"));
        finish(&mut copy).ends(0);
        checkout
    }

    fn path(&self, path: &str) -> PathBuf {
        self.course.path(path)
    }

    /// The runner of the checkout `root`, started in it.
    fn xtask(&self, root: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(root.join("target/lab/xtask"));
        command.args(arguments).current_dir(root);
        command
            .env("LAB_PROGRAMS", &self.pocket)
            .env("LAB_ENGINE", "pocket")
            .env("NO_COLOR", "1");
        command
    }

    fn run(&self, root: &Path, arguments: &[&str]) -> Run {
        finish(&mut self.xtask(root, arguments))
    }
}

fn replace(path: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "no {from:?} in {}", path.display());
    fs::write(path, text.replace(from, to)).unwrap();
}

#[test]
fn a_moved_checkout_runs_its_chapters() {
    let checkout = Checkout::new();
    let (a, b) = (checkout.path("a"), checkout.path("ein Büchlein 本"));
    checkout.run(&a, &["lab", "1"]).ends(0);
    fs::rename(&a, &b).unwrap();
    checkout
        .run(&b, &["lab", "1"])
        .ends(0)
        .says("passed 01-pass");
    assert!(!a.exists(), "something was written where it was before");
}

#[test]
fn a_copy_runs_its_own_chapters_and_grades_its_own_exercise() {
    let checkout = Checkout::new();
    let (a, c) = (checkout.path("a"), checkout.path("c"));
    checkout.run(&a, &["lab", "1"]).ends(0);
    checkout.run(&a, &["exercise", "11"]).ends(1);
    finish(Command::new("cp").arg("-a").arg(&a).arg(&c)).ends(0);
    replace(&c.join("book/src/01-pass.md"), "\n137\n", "\n143\n");
    let run = checkout.run(&c, &["lab", "1"]).ends(1);
    run.says("- 143").says("+ 137");
    replace(
        &c.join("labs/11-exercise/exercise/Dockerfile"),
        "wrong",
        "right",
    );
    checkout.run(&c, &["exercise", "11"]).ends(0);
    checkout.run(&a, &["exercise", "11"]).ends(1);
    checkout.run(&a, &["lab", "1"]).ends(0);
}

#[test]
fn the_checkout_is_the_one_that_the_launcher_names_else_the_one_around() {
    let checkout = Checkout::new();
    let (a, link) = (checkout.path("a"), checkout.path("link"));
    symlink(&a, &link).unwrap();
    checkout.run(&link, &["lab", "1"]).ends(0);
    let mut below = checkout.xtask(&a, &["lab", "1"]);
    finish(below.current_dir(a.join("labs/01-pass"))).ends(0);
    let mut elsewhere = checkout.xtask(&a, &["lab", "1"]);
    finish(elsewhere.current_dir("/"))
        .ends(2)
        .says("no checkout of the book in /")
        .says("type `cargo xtask` there");
    let mut told = checkout.xtask(&a, &["--checkout"]);
    finish(told.arg(&link).args(["lab", "1"]).current_dir("/")).ends(0);
}

#[test]
fn in_a_shared_target_folder_each_checkout_has_its_programs() {
    let checkout = Checkout::new();
    let a = checkout.path("a");
    fs::write(a.join("labs/09-broken/main.rs"), "fn main() {}").unwrap();
    fs::create_dir(a.join("xtask")).unwrap();
    finish(
        Command::new("cp")
            .arg(crate::support::package().join("static-rustc"))
            .arg(a.join("xtask")),
    )
    .ends(0);
    let b = checkout.path("b");
    finish(Command::new("cp").arg("-a").arg(&a).arg(&b)).ends(0);
    let shared = checkout.path("shared/lab");
    fs::create_dir_all(&shared).unwrap();
    finish(
        Command::new("mv")
            .arg(a.join("target/lab/xtask"))
            .arg(&shared),
    )
    .ends(0);
    // Cargo leaves it beside each program.
    fs::write(shared.join("xtask.d"), "").unwrap();
    fs::write(
        b.join("labs/09-broken/main.rs"),
        "fn main() { println!(\"b\"); }",
    )
    .unwrap();
    let programs = |root: &Path| {
        let mut command = Command::new(shared.join("xtask"));
        // The engine is a fake one: only the programs count.
        command.args(["shell", "9"]).current_dir(root);
        command.env("LAB_ENGINE", "docker").env("NO_COLOR", "1");
        command
    };
    let fake = checkout.path("fake");
    fs::create_dir(&fake).unwrap();
    fs::write(fake.join("docker"), "#!/bin/sh\necho '1.0 (client 1.0)'\n").unwrap();
    fs::set_permissions(fake.join("docker"), fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", fake.display(), std::env::var("PATH").unwrap());
    for (root, prints) in [(&a, ""), (&b, "b\n"), (&a, "")] {
        let mut command = programs(root);
        command
            .env("PATH", &path)
            .stdin(std::process::Stdio::null());
        command.output().unwrap();
        let program = root.join("labs/09-broken/bin/09-broken");
        assert_eq!(finish(&mut Command::new(program)).ends(0).stdout, prints);
        assert!(!root.join("target/lab/09-broken").exists());
    }
    let folders = fs::read_dir(checkout.path("shared")).unwrap().flatten();
    let of_checkouts =
        folders.filter(|entry| entry.file_name().to_string_lossy().starts_with("checkout-"));
    assert_eq!(of_checkouts.count(), 2);
}

#[test]
fn a_checkout_that_cannot_be_written_to_is_told_with_the_remedy() {
    let checkout = Checkout::new();
    let a = checkout.path("a");
    let refused = |run: Run| {
        run.ends(2)
            .says("nothing can be written below")
            .says("clone the checkout to a folder that is yours")
            .never_says("engine:");
    };
    // Mounted so that not even root can write: in a mount namespace of its own.
    let script = "mount --bind \"$1\" \"$1\" && mount -o remount,bind,ro \"$1\" && cd \"$1\" && exec target/lab/xtask lab 1";
    let mut read_only = Command::new("unshare");
    if !geteuid().is_root() {
        read_only.arg("--map-root-user");
    }
    read_only
        .args(["--mount", "sh", "-c", script, "sh"])
        .arg(&a);
    read_only
        .env("LAB_PROGRAMS", &checkout.pocket)
        .env("LAB_ENGINE", "pocket");
    refused(finish(&mut read_only));
    // The negative control: it can be written to outside of that namespace.
    checkout.run(&a, &["lab", "1"]).ends(0);
    if !geteuid().is_root() {
        return;
    }
    // Somebody else's.
    let top = checkout.path(".");
    fs::set_permissions(top, fs::Permissions::from_mode(0o755)).unwrap();
    let mut nobody = Command::new("setpriv");
    nobody.args(["--reuid=nobody", "--regid=nogroup", "--clear-groups", "--"]);
    nobody.arg(a.join("target/lab/xtask")).args(["lab", "1"]);
    nobody
        .current_dir(&a)
        .env("LAB_PROGRAMS", &checkout.pocket)
        .env("LAB_ENGINE", "pocket");
    refused(finish(&mut nobody));
}
