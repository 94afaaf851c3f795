//! A configuration under which podman runs on this machine, where the reader has none of his own.

use std::ffi::OsString;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use nix::sys::resource::{Resource, getrlimit};

use crate::system::process::which;

/// What podman needs in its environment: a `containers.conf` of ours, unless the machine has one.
pub fn environment(folder: &Path) -> Vec<(OsString, OsString)> {
    let home = std::env::var_os("HOME").unwrap_or_default();
    let theirs = Path::new(&home).join(".config/containers/containers.conf");
    if std::env::var_os("CONTAINERS_CONF").is_some()
        || theirs.exists()
        || Path::new("/etc/containers/containers.conf").exists()
    {
        return Vec::new();
    }
    let ours = folder.join("containers.conf");
    // If it cannot be written podman says what it misses, and that is the better message.
    let _ = fs::write(&ours, configuration());
    vec![("CONTAINERS_CONF".into(), ours.into_os_string())]
}

fn configuration() -> String {
    // podman asks for 1048576 open files, which fails without CAP_SYS_RESOURCE: ask for no more than we have.
    let mut ulimits = Vec::new();
    for (name, resource) in [
        ("nofile", Resource::RLIMIT_NOFILE),
        ("nproc", Resource::RLIMIT_NPROC),
    ] {
        if let Ok((soft, hard)) = getrlimit(resource) {
            let (soft, hard) = (soft.min(1024), hard.min(1024));
            ulimits.push(format!("\"{name}={soft}:{hard}\""));
        }
    }
    let mut text = format!(
        "[containers]\ndefault_ulimits = [{}]\n[engine]\nevents_logger = \"file\"\n",
        ulimits.join(", ")
    );
    // Without systemd nobody answers for its cgroups. crun refuses the hybrid hierarchy that such machines have;
    // runc does not.
    if !Path::new("/run/systemd/system").exists() {
        text.push_str("cgroup_manager = \"cgroupfs\"\n");
        if which("runc").is_some() {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "runtime = \"runc\"");
        }
    }
    text
}
