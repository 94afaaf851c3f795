//! With a terminal: who has it, who hears its keys, and whom its end does not concern.

use std::fs::File;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command};
use std::sync::mpsc::Receiver;

use lab_06_init::processes::descendants;
use nix::libc;
use nix::pty::openpty;
use nix::unistd::{self, Pid};

use crate::run::{installed, lines, next, ours, send};

nix::ioctl_write_int_bad!(tiocsctty, libc::TIOCSCTTY);

fn probe() -> String {
    let path = launch::program_under_test("06-probe");
    path.into_os_string().into_string().expect("UTF-8")
}

/// A program that leads a session with a terminal, as the one of `docker run -t` does.
struct Leader {
    child: Child,
    keyboard: File,
    screen: Receiver<String>,
}

impl Leader {
    fn start(program: &Path, words: &[&str]) -> Leader {
        let pty = openpty(None, None).expect("a terminal");
        let terminal = File::from(pty.slave);
        let mut command = Command::new(program);
        command
            .args(words)
            .stdin(terminal.try_clone().expect("a descriptor"));
        command
            .stdout(terminal.try_clone().expect("a descriptor"))
            .stderr(terminal);
        // SAFETY: two system calls, and no memory.
        #[allow(unsafe_code)]
        unsafe {
            command.pre_exec(|| {
                unistd::setsid()?;
                tiocsctty(libc::STDIN_FILENO, 0)?;
                Ok(())
            });
        }
        let child = command.spawn().expect("starts");
        let keyboard = File::from(pty.master);
        let screen = lines(keyboard.try_clone().expect("a descriptor"));
        Leader {
            child,
            keyboard,
            screen,
        }
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().cast_signed())
    }

    fn press(&mut self, key: u8) {
        self.keyboard.write_all(&[key]).expect("a terminal");
    }
}

impl Drop for Leader {
    fn drop(&mut self) {
        for process in descendants(self.pid()) {
            send(process.pid, libc::SIGKILL);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Plays it with dumb-init, if there is one, and with ours. Both must show `expected`.
fn both(expected: &[&str], play: impl Fn(&Path) -> Vec<String>) {
    assert_eq!(play(&ours()), expected, "ours");
    if let Some(dumb_init) = installed("dumb-init") {
        assert_eq!(play(&dumb_init), expected, "dumb-init");
    }
}

#[test]
fn the_command_has_the_terminal() {
    let script = r#"
        read -r pid name state parent group session terminal foreground rest < /proc/$$/stat
        echo leader $((session == pid)) terminal $((terminal != 0)) foreground $((foreground == group))"#;
    let play = |init: &Path, options: &[&str]| {
        let leader = Leader::start(init, &[options, &["sh", "-c", script]].concat());
        vec![next(&leader.screen)]
    };
    both(&["leader 1 terminal 1 foreground 1"], |init| {
        play(init, &[])
    });
    both(&["leader 0 terminal 1 foreground 1"], |init| {
        play(init, &["-c"])
    });
}

/// The init gives its terminal away, and the kernel tells it so by SIGHUP and SIGCONT (dumb-init#136).
#[test]
fn giving_it_away_is_not_forwarded() {
    both(&["ready", "30 SIGPWR", "1 SIGHUP"], |init| {
        let leader = Leader::start(init, &[&probe()]);
        let ready = next(&leader.screen);
        send(leader.pid(), libc::SIGPWR);
        let first = next(&leader.screen);
        // A later one is meant.
        send(leader.pid(), libc::SIGHUP);
        vec![ready, first, next(&leader.screen)]
    });
}

#[test]
fn who_does_not_lead_forwards_the_first_hangup() {
    both(&["ready", "1 SIGHUP"], |init| {
        let script = r#""$0" "$1"; :"#;
        let words = ["-c", script, init.to_str().expect("UTF-8"), &probe()];
        let leader = Leader::start(Path::new("sh"), &words);
        let ready = next(&leader.screen);
        let below = descendants(leader.pid());
        let init = below
            .iter()
            .find(|it| it.parent == leader.pid())
            .expect("the init");
        send(init.pid, libc::SIGHUP);
        vec![ready, next(&leader.screen)]
    });
}

#[test]
fn keys_come_to_the_command_once() {
    both(
        &["ready", "^C2 SIGINT", "^\\3 SIGQUIT", "^Z20 SIGTSTP"],
        |init| {
            let mut leader = Leader::start(init, &[&probe()]);
            let mut seen = vec![next(&leader.screen)];
            for key in [0x03, 0x1c, 0x1a] {
                leader.press(key);
                seen.push(next(&leader.screen));
            }
            seen
        },
    );
}
