//! `exec`: one more process in a container.

use std::io::Read;
use std::process::Stdio;

use crate::common::Pocket;

#[test]
fn exec_joins_and_dies_with_the_container() {
    Pocket::each_user(|pocket| {
        pocket.ok(&["run", "-d", "--name", "host1", "probe", "wait"]);
        let inside = |args: &[&str]| pocket.ok(&[&["exec", "host1"], args].concat());
        for name in ["pid", "mnt", "net", "ipc", "uts"] {
            let ours = inside(&["readlink", &format!("/proc/self/ns/{name}")]);
            assert_eq!(
                ours,
                inside(&["readlink", &format!("/proc/1/ns/{name}")]),
                "{name}"
            );
        }
        let signals = inside(&["/13-probe", "signals"]);
        assert!(
            signals.contains("SigIgn:\t0000000000001000"),
            "Rust's own runtime ignores SIGPIPE: {signals}"
        );
        let shell = inside(&["sh", "-c", "cat /proc/self/status"]);
        assert!(
            shell.contains("SigIgn:\t0000000000000000")
                && shell.contains("SigBlk:\t0000000000000000"),
            "{shell}"
        );
        let client = pocket
            .command(&["exec", "host1", "/13-probe", "wait"])
            .stdout(Stdio::piped())
            .spawn();
        let mut client = client.expect("exec");
        let mut first = [0; 6];
        client
            .stdout
            .as_mut()
            .expect("a pipe")
            .read_exact(&mut first)
            .expect("it is ready");
        pocket.ok(&["kill", "host1"]);
        assert_eq!(client.wait().expect("exec ends").code(), Some(137));
        pocket.ok(&["rm", "host1"]);
    });
}

#[test]
fn a_killed_exec_client_leaves_its_process() {
    Pocket::each_user(|pocket| {
        pocket.ok(&["run", "-d", "--name", "host2", "probe", "wait"]);
        let client = pocket
            .command(&["exec", "host2", "/13-probe", "wait"])
            .stdout(Stdio::piped())
            .spawn();
        let mut client = client.expect("exec");
        client
            .stdout
            .as_mut()
            .expect("a pipe")
            .read_exact(&mut [0; 6])
            .expect("it is ready");
        client.kill().expect("alive");
        client.wait().expect("a child");
        let count = pocket
            .ok(&["top", "host2"])
            .lines()
            .filter(|line| line.contains("13-probe wait"))
            .count();
        assert_eq!(count, 2);
        pocket.ok(&["rm", "-f", "host2"]);
    });
}
