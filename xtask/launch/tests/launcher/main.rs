//! `cargo xtask` in workspaces of its own, with real cargo: what runs is always what the sources of the checkout say in
//! which the command is typed.

mod checkout;
mod first;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::checkout::{Checkout, folder, prints, said};

#[test]
fn cargo_is_asked_when_something_has_changed_and_only_then() {
    let (_folder, path) = folder();
    let checkout = Checkout::new(path.join("a"), "one");
    let (one, two) = (checkout.says("one"), checkout.says("two"));
    prints(&checkout.lab(), &one);
    let again = checkout.lab();
    assert_eq!(said(&again), (one.as_str(), false));
    assert!(again.stderr.is_empty(), "cargo was asked");
    checkout.prints("two");
    assert_eq!(said(&checkout.lab()), (two.as_str(), true), "edited");
    fs::remove_file(checkout.root.join("target/lab/xtask")).expect("removed");
    prints(&checkout.lab(), &two);
}

#[test]
fn a_runner_that_does_not_compile_is_not_run_in_its_old_form() {
    let (_folder, path) = folder();
    let checkout = Checkout::new(path.join("a"), "one");
    prints(&checkout.lab(), &checkout.says("one"));
    checkout.write("xtask/src/main.rs", "fn main() { no such thing }");
    for _ in 0..2 {
        let output = checkout.lab();
        assert_eq!(output.status.code(), Some(101), "cargo's own status");
        prints(&output, "");
    }
    checkout.prints("two");
    prints(&checkout.lab(), &checkout.says("two"));
}

#[test]
fn a_checkout_that_is_moved_is_the_one_it_has_become() {
    let (_folder, path) = folder();
    let mut checkout = Checkout::new(path.join("a"), "one");
    prints(&checkout.lab(), &checkout.says("one"));
    fs::rename(&checkout.root, path.join("b")).expect("moved");
    checkout.root = path.join("b");
    prints(&checkout.lab(), &checkout.says("one"));
    assert!(checkout.lab().stderr.is_empty(), "known from now on");
}

#[test]
fn a_copy_runs_its_own_sources() {
    let (_folder, path) = folder();
    let a = Checkout::new(path.join("a"), "one");
    prints(&a.lab(), &a.says("one"));
    let c = Checkout {
        root: path.join("c"),
    };
    let copied = Command::new("cp")
        .arg("-a")
        .arg(&a.root)
        .arg(&c.root)
        .status();
    assert!(copied.expect("cp").success());
    prints(&c.lab(), &c.says("one"));
    c.prints("copied");
    prints(&c.lab(), &c.says("copied"));
    prints(&a.lab(), &a.says("one"));
}

/// Both are there before either is built, so by its times cargo cannot tell what was built for which.
#[test]
fn checkouts_that_share_a_target_folder_do_not_take_each_others_programs() {
    let (_folder, path) = folder();
    let (a, b) = (
        Checkout::new(path.join("a"), "one"),
        Checkout::new(path.join("b"), "two"),
    );
    let main = fs::read_to_string(b.root.join("xtask/launch/src/main.rs")).expect("a source");
    let other = main.replace(
        ".arg(\"--checkout\")",
        ".arg(\"--other-launcher\").arg(\"--checkout\")",
    );
    assert_ne!(other, main);
    b.write("xtask/launch/src/main.rs", &other);
    let of_b = b
        .says("two")
        .replace("[\"--checkout\"", "[\"--other-launcher\", \"--checkout\"");
    let shared = |checkout: &Checkout| {
        let mut command = checkout.typed_in(".");
        command.env("CARGO_TARGET_DIR", path.join("shared"));
        command.output().expect("cargo runs")
    };
    for _ in 0..2 {
        prints(&shared(&a), &a.says("one"));
        prints(&shared(&b), &of_b);
    }
    assert!(
        !a.root.join("target").exists(),
        "the reader has named another folder"
    );
    // The same by a configuration of both.
    fs::create_dir(path.join(".cargo")).expect("a folder");
    fs::write(
        path.join(".cargo/config.toml"),
        "[build]\ntarget-dir = \"configured\"\n",
    )
    .expect("written");
    prints(&a.lab(), &a.says("one"));
    prints(&b.lab(), &of_b);
}

#[test]
fn neither_a_link_nor_an_unusual_name_misleads() {
    let (_folder, path) = folder();
    let checkout = Checkout::new(path.join("ein Büchlein 本"), "one");
    let says = checkout.says("one");
    prints(&checkout.lab(), &says);
    std::os::unix::fs::symlink(&checkout.root, path.join("link")).expect("a link");
    let link = Checkout {
        root: path.join("link"),
    };
    for folder in [".", "xtask/src"] {
        let output = link.typed_in(folder).output().expect("cargo runs");
        assert_eq!(said(&output), (says.as_str(), false));
        assert!(output.stderr.is_empty(), "cargo was asked");
    }
}

#[test]
fn a_launcher_that_is_killed_leaves_no_cargo_behind() {
    let (_folder, path) = folder();
    let checkout = Checkout::new(path.join("a"), "one");
    prints(&checkout.lab(), &checkout.says("one"));
    // A cargo that says who it is, and never ends.
    let fifo = path.join("fifo");
    assert!(
        Command::new("mkfifo")
            .arg(&fifo)
            .status()
            .expect("mkfifo")
            .success()
    );
    let cargo = path.join("cargo");
    let script = format!(
        "#!/bin/sh\necho $$ >'{0}'\nexec tail -f /dev/null\n",
        fifo.display()
    );
    fs::write(&cargo, script).expect("written");
    assert!(
        Command::new("chmod")
            .arg("+x")
            .arg(&cargo)
            .status()
            .expect("chmod")
            .success()
    );
    let mut launcher = Command::new(checkout.root.join("target/lab/launch"))
        .env("CARGO", &cargo)
        .env("CARGO_MANIFEST_DIR", checkout.root.join("xtask/launch"))
        .spawn()
        .expect("the launcher runs");
    let pid = fs::read_to_string(&fifo).expect("the cargo that waits has begun");
    launcher.kill().expect("killed");
    launcher.wait().expect("ended");
    let proc = PathBuf::from(format!("/proc/{}", pid.trim()));
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    let gone = || {
        let state = fs::read_to_string(proc.join("stat")).unwrap_or_default();
        state.is_empty() || state.contains(") Z ")
    };
    while !gone() {
        assert!(std::time::Instant::now() < deadline, "cargo is still there");
        std::thread::yield_now();
    }
}

#[test]
fn without_cargo_it_says_how_to_start_it() {
    let (_folder, path) = folder();
    let checkout = Checkout::new(path.join("a"), "one");
    prints(&checkout.lab(), &checkout.says("one"));
    let output = Command::new(checkout.root.join("target/lab/launch"))
        .env_remove("CARGO")
        .output()
        .expect("the launcher runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("type `cargo xtask`"));
}
