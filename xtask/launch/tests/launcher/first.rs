//! The first build: all that the command needs, at once.

use crate::checkout::{Checkout, folder, prints};

#[test]
fn the_first_build_is_of_all_that_the_command_needs() {
    let (_folder, path) = folder();
    let checkout = Checkout::new(path.join("a"), "one");
    checkout.lab_with("03-third", "03-third", "fn main() {}");
    checkout.lab_with("13-engine", "pocket", "fn main() {}");
    let on_pocket = || {
        let mut command = checkout.typed_in(".");
        command.env("LAB_ENGINE", "pocket");
        command.output().expect("cargo runs")
    };
    prints(&on_pocket(), &checkout.says("one"));
    let there = |name: &str| checkout.root.join("target/lab").join(name).exists();
    // With its stamp: the runner need not ask cargo.
    for name in ["pocket", "pocket.stamp", "03-third", "03-third.stamp"] {
        assert!(there(name), "no {name}");
    }
    assert!(!there("04-fourth"), "nobody has asked for it");
}

#[test]
fn what_is_built_with_the_runner_does_not_stop_it() {
    let (_folder, path) = folder();
    let checkout = Checkout::new(path.join("a"), "one");
    checkout.lab_with("03-third", "03-third", "fn main() { no such thing }");
    prints(&checkout.lab(), &checkout.says("one"));
    let stamp = checkout.root.join("target/lab/03-third.stamp");
    assert!(!stamp.exists(), "it is not up to date");
}
