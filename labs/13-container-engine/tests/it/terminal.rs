//! Terminals: given, put back, and let go of by the detach keys.

use std::fs;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::process::Stdio;

use crate::common::{Pocket, until};

#[test]
fn a_terminal_is_given_and_put_back() {
    Pocket::each_user(|pocket| {
        let pty = nix::pty::openpty(None, None).expect("a terminal");
        let before = nix::sys::termios::tcgetattr(&pty.slave).expect("its settings");
        let end = || Stdio::from(pty.slave.as_fd().try_clone_to_owned().expect("a copy"));
        let mut command = pocket.command(&[
            "run",
            "--rm",
            "-it",
            "--name",
            "term",
            "--entrypoint",
            "sh",
            "probe",
        ]);
        command.stdin(end()).stdout(end()).stderr(end());
        let mut client = command.process_group(0).spawn().expect("a client");
        let mut master = fs::File::from(pty.master);
        master
            .write_all(b"tty; echo $((6*7)); exit 3\n")
            .expect("typed");
        assert_eq!(client.wait().expect("a child").code(), Some(3));
        let after = nix::sys::termios::tcgetattr(&pty.slave).expect("its settings");
        assert_eq!(before, after, "the terminal is not as it was");
        drop(command);
        drop(pty.slave);
        let mut text = Vec::new();
        // The end of a terminal is an error: EIO.
        let _ = master.read_to_end(&mut text);
        let text = String::from_utf8_lossy(&text);
        assert!(text.contains("/dev/pts/0\r\n42\r\n"), "{text:?}");
    });
}

/// Waits until a client has taken the terminal over: what is typed before is not typed to it.
fn await_raw(terminal: &impl AsFd) {
    use nix::sys::termios::{LocalFlags, tcgetattr};
    until("the terminal is raw", || {
        tcgetattr(terminal).is_ok_and(|now| !now.local_flags.contains(LocalFlags::ICANON))
    });
}

#[test]
fn the_detach_keys_leave_the_container_running() {
    detach(&["attach", "keys"], b"\x10\x11");
    detach(&["attach", "--detach-keys", "a,ctrl-x", "keys"], b"a\x18");
    detach(&["exec", "-it", "keys", "cat"], b"\x10\x11");
}

fn detach(by: &[&str], keys: &[u8]) {
    Pocket::each_user(|pocket| {
        pocket.ok(&[
            "run",
            "-dit",
            "--name",
            "keys",
            "--entrypoint",
            "cat",
            "probe",
        ]);
        let pty = nix::pty::openpty(None, None).expect("a terminal");
        let end = || Stdio::from(pty.slave.as_fd().try_clone_to_owned().expect("a copy"));
        let mut command = pocket.command(by);
        let mut client = command
            .stdin(end())
            .stdout(end())
            .stderr(Stdio::piped())
            .spawn()
            .expect("attach");
        let mut master = fs::File::from(pty.master);
        await_raw(&pty.slave);
        master.write_all(keys).expect("typed");
        let mut said = String::new();
        let mut stderr = client.stderr.take().expect("piped");
        stderr.read_to_string(&mut said).expect("text");
        assert_eq!(said, "read escape sequence\n");
        assert_eq!(client.wait().expect("a child").code(), Some(1));
        assert_eq!(pocket.field("keys", "State.Status"), "running");
        pocket.ok(&["rm", "-f", "keys"]);
    });
}
