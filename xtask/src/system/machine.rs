//! What this machine allows: asked of the machine, with the remedy where it says no.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::system::process::{self, which};

/// Whether an ordinary process may make a user namespace; otherwise the reason and the remedy.
///
/// user_namespaces(7); Debian's and Ubuntu's switches are sysctls of their own.
pub fn user_namespaces() -> Result<(), String> {
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--pid", "--fork", "true"]);
    match process::run(&mut command, Duration::from_secs(20)) {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(remedy(output.stderr.trim())),
        Err(error) => Err(remedy(&error.to_string())),
    }
}

/// The need that is no program: to be root.
pub const ROOT: &str = "root";

/// Why a block with this `needs=` cannot run here: a program is not on PATH or, for `root`, you are somebody else.
pub fn lacks(need: &str) -> Option<String> {
    if need == ROOT {
        let root = nix::unistd::geteuid().is_root();
        return (!root).then(|| "needs root: it makes network and PID namespaces".into());
    }
    if need == "compose" {
        let there = which("docker-compose").is_some() || has_compose(Path::new("docker"));
        return (!there).then(|| format!("needs Compose; {}", how_to_get("docker-compose")));
    }
    which(need)
        .is_none()
        .then(|| format!("needs `{need}`, which is not on PATH; {}", how_to_get(need)))
}

/// Whether this `docker` has Compose as a plugin.
fn has_compose(docker: &Path) -> bool {
    let mut plugin = Command::new(docker);
    plugin.args(["compose", "version"]);
    let said = process::run(&mut plugin, Duration::from_secs(20));
    said.is_ok_and(|output| output.status.success())
}

/// How to get a program that a chapter or the runner wants.
pub fn how_to_get(program: &str) -> String {
    let package = match program {
        // No package of Debian's.
        "kubernetes-validate" => return "install it (pip install kubernetes-validate)".into(),
        "busybox" => "busybox-static",
        "dpkg-query" => "dpkg",
        "setpriv" | "unshare" => "util-linux",
        "dockerd" => "docker.io",
        "systemd-run" => "systemd",
        "script" => "bsdutils",
        same => same,
    };
    format!("install it (Debian: apt-get install {package})")
}

fn remedy(said: &str) -> String {
    let is =
        |path: &str, value: &str| fs::read_to_string(path).is_ok_and(|text| text.trim() == value);
    let advice = if is("/proc/sys/kernel/unprivileged_userns_clone", "0") {
        "Allow them: sudo sysctl kernel.unprivileged_userns_clone=1"
    } else if is(
        "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
        "1",
    ) {
        "Allow them: sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0"
    } else if is("/proc/sys/user/max_user_namespaces", "0") {
        "Allow them: sudo sysctl user.max_user_namespaces=15000"
    } else {
        "Run as root, or (inside a container) with --privileged"
    };
    format!("{advice}\n{said}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_machine_lacks_is_said_with_its_remedy() {
        assert_eq!(lacks("sh"), None);
        let said = lacks("no-such-program").unwrap();
        assert!(said.contains("not on PATH; install it"), "{said}");
        let root = nix::unistd::geteuid().is_root();
        assert_eq!(lacks("root").is_none(), root);
    }

    #[test]
    fn compose_may_be_a_plugin() {
        let folder = tempfile::tempdir().unwrap();
        let docker = folder.path().join("docker");
        for (knows, has) in [("compose", true), ("buildx", false)] {
            // Written by another process: a child that is forked beside this test would hold ours open (ETXTBSY).
            let text = format!("#!/bin/sh\n[ \"$*\" = '{knows} version' ]\n");
            let mut write = Command::new("sh");
            write
                .args(["-c", "printf %s \"$1\" >\"$0\" && chmod +x \"$0\""])
                .arg(&docker)
                .arg(text);
            assert!(write.status().unwrap().success());
            assert_eq!(has_compose(&docker), has);
        }
        assert!(!has_compose(&folder.path().join("none")));
    }

    #[test]
    fn a_package_may_have_another_name() {
        assert!(how_to_get("tini").contains("apt-get install tini)"));
        assert!(how_to_get("busybox").contains("busybox-static"));
        assert!(how_to_get("kubernetes-validate").contains("pip install"));
    }
}
