//! The learner's screen in a real terminal, with a runner that grades at once, or never.

use std::fs;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use tempfile::TempDir;

use crate::support::{checkout, program, runner};

/// Longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A checkout with two exercises.
struct Checkout(TempDir);

impl Checkout {
    fn new(first: &str) -> Checkout {
        Checkout(checkout(first, "no"))
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    /// As an editor does it.
    fn save(&self, slug: &str, answer: &str) {
        let path = self.path(&format!("labs/{slug}/exercise/answer"));
        let new = path.with_file_name(".answer.new");
        fs::write(&new, format!("{answer}\n")).unwrap();
        fs::rename(&new, &path).unwrap();
    }

    fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    fn wait_for_log(&self, wanted: &str) {
        let began = Instant::now();
        while !self.log().contains(wanted) {
            assert!(
                began.elapsed() < PATIENCE,
                "no {wanted:?} in\n{}",
                self.log()
            );
            std::thread::yield_now();
        }
    }

    fn command(&self, arguments: &[&str]) -> CommandBuilder {
        let mut command = CommandBuilder::new(program());
        command.args(arguments);
        command.cwd(self.0.path());
        command.env("TRAPPING_SIGNALS_XTASK", runner());
        command.env("TRAPPING_SIGNALS_CHECKOUT", self.0.path());
        command.env("TERM", "xterm-256color");
        command.env_remove("NO_COLOR");
        command
    }
}

/// The workshop in a terminal of 80 columns and 24 lines.
struct Screen {
    terminal: Option<Box<dyn MasterPty + Send>>,
    keys: Option<Box<dyn Write + Send>>,
    child: Box<dyn Child + Send + Sync>,
    output: Receiver<Vec<u8>>,
    parser: vt100::Parser,
    /// All bytes that came.
    bytes: Vec<u8>,
}

impl Screen {
    fn start(command: CommandBuilder) -> Screen {
        let size = PtySize {
            rows: 24,
            cols: 80,
            ..PtySize::default()
        };
        let pair = native_pty_system().openpty(size).unwrap();
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let (to, output) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                if to.send(buffer[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        Screen {
            keys: Some(pair.master.take_writer().unwrap()),
            terminal: Some(pair.master),
            child,
            output,
            parser: vt100::Parser::new(24, 80, 0),
            bytes: Vec::new(),
        }
    }

    /// Takes what comes, until the screen is as wanted.
    fn until(&mut self, what: &str, wanted: impl Fn(&vt100::Screen) -> bool) {
        let began = Instant::now();
        while !wanted(self.parser.screen()) {
            match self
                .output
                .recv_timeout(PATIENCE.saturating_sub(began.elapsed()))
            {
                Ok(bytes) => {
                    self.parser.process(&bytes);
                    self.bytes.extend(bytes);
                }
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    panic!("no {what:?} on\n{}", self.parser.screen().contents())
                }
            }
        }
    }

    fn shows(&mut self, text: &str) {
        self.until(text, |screen| screen.contents().contains(text));
    }

    fn types(&mut self, keys: &str) {
        self.keys
            .as_mut()
            .unwrap()
            .write_all(keys.as_bytes())
            .unwrap();
    }

    /// Its end.
    fn ends(&mut self) -> u32 {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.exit_code();
            }
            assert!(began.elapsed() < PATIENCE, "it does not end");
            std::thread::yield_now();
        }
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(self.child.process_id().unwrap().cast_signed())
    }
}

#[test]
fn wrong_hint_right_next() {
    let checkout = Checkout::new("no");
    let mut screen = Screen::start(checkout.command(&[]));
    screen.shows("FAILED. h gives a hint");
    screen.shows("it says: no");
    screen.shows("- yes\n+ no");
    assert!(!screen.parser.screen().contents().contains("told above"));
    screen.shows("1 The first (to do) | failed | 0 of 2 done");
    screen.types("h");
    screen.shows("hint 1 of 4: It says no.");
    assert!(!screen.parser.screen().contents().contains("Say yes."));
    screen.types("h");
    screen.shows("hint 2 of 4: Say yes.");
    screen.types("hh");
    screen.shows("hint 4 of 4:");
    screen.types("h");
    screen.shows("That was the last hint.");
    checkout.save("01-one", "yes");
    screen.shows("PASSED. 1 of 2 are done.");
    screen.shows("1 The first (done) | passed | 1 of 2 done");
    screen.types("s");
    screen.shows("Yours is the solution, word by word.");
    screen.types("n");
    screen.shows("2 The second (to do) | failed");
    screen.types("1");
    screen.shows("go to exercise 1_");
    screen.types("\r");
    screen.shows("These files have passed already.");
    screen.types("q");
    assert_eq!(screen.ends(), 0);
    // Another start goes on where this one was.
    let mut screen = Screen::start(checkout.command(&[]));
    screen.shows("2 The second");
    screen.types("l");
    screen.shows("1  done    The first");
    screen.types("q");
    screen.ends();
}

#[test]
fn a_reset_and_a_solution_are_asked_for_twice() {
    let checkout = Checkout::new("no");
    let mut screen = Screen::start(checkout.command(&[]));
    screen.shows("FAILED");
    checkout.save("01-one", "maybe");
    screen.shows("it says: maybe");
    screen.shows("error: not what the book says");
    screen.types("s");
    screen.shows("The solution all the same? Ask again.");
    screen.types("x");
    screen.shows("a copy of them is kept. Sure?");
    screen.types("s");
    screen.types("s");
    screen.shows("+yes");
    screen.types("xx");
    screen.shows("What you had is in .workshop/kept/01-one-");
    screen.shows("it says: no");
    let kept = fs::read_dir(checkout.path(".workshop/kept")).unwrap();
    let copies: Vec<_> = kept
        .map(|entry| fs::read(entry.unwrap().path().join("answer")).unwrap())
        .collect();
    assert_eq!(copies, [b"maybe\n"]);
    screen.types("q");
    assert_eq!(screen.ends(), 0);
}

/// A run that is under way when the file is saved again is given up, and has cleaned up before the next one begins.
#[test]
fn a_save_gives_up_the_run_that_is_under_way() {
    let checkout = Checkout::new("slow");
    let mut screen = Screen::start(checkout.command(&[]));
    checkout.wait_for_log("waits as");
    screen.shows("grading");
    checkout.save("01-one", "yes");
    screen.shows("PASSED");
    let log = checkout.log();
    let lines: Vec<&str> = log
        .lines()
        .filter(|line| !line.starts_with("waits"))
        .collect();
    let wanted = [
        "began exercise 01-one slow",
        "cleaned up",
        "began exercise 01-one yes",
    ];
    assert_eq!(lines, wanted);
    // Touched and not changed is no save.
    checkout.save("01-one", "yes");
    checkout.save("02-two", "yes");
    screen.types("2\r");
    screen.shows("2 The second (done) | passed | 2 of 2 done");
    assert_eq!(checkout.log().matches("01-one yes").count(), 1);
    screen.types("q");
    assert_eq!(screen.ends(), 0);
}

/// A verdict that comes when its run was told to give up is nobody's: not that of the exercise that one is at now.
#[test]
fn a_late_verdict_is_not_another_exercises() {
    let checkout = Checkout::new("late");
    checkout.save("02-two", "yes");
    let mut screen = Screen::start(checkout.command(&["2"]));
    screen.shows("PASSED");
    screen.types("1\r");
    checkout.wait_for_log("waits as");
    screen.types("2\r");
    screen.shows("These files have passed already.");
    checkout.wait_for_log("cleaned up");
    screen.shows("2 The second (done) | passed | 1 of 2 done");
    let progress = fs::read_to_string(checkout.path(".workshop/progress.json")).unwrap();
    assert!(!progress.contains("01-one"), "{progress}");
    // Nor does it make another exercise's edit one of this.
    checkout.save("01-one", "no");
    screen.types("1\r");
    screen.shows("it says: no");
    assert_eq!(checkout.log().matches("began exercise 02-two").count(), 1);
    screen.types("q");
    assert_eq!(screen.ends(), 0);
}

/// Whatever ends the workshop, the runner is told, and has cleaned up before the workshop is gone.
#[test]
fn no_end_leaves_a_run() {
    type End = fn(&mut Screen);
    let ends: [(u32, End); 4] = [
        (0, |screen| screen.types("q")),
        (130, |screen| screen.types("\u{3}")),
        (143, |screen| kill(screen.pid(), Signal::SIGTERM).unwrap()),
        // The window is closed: SIGHUP, and a terminal that cannot be written.
        (129, |screen| {
            // Our reader lets go of the terminal when it has something to read, and nobody to give it to.
            screen.output = channel().1;
            let size = PtySize::default();
            screen.terminal.as_ref().unwrap().resize(size).unwrap();
            screen.keys = None;
            screen.terminal = None;
        }),
    ];
    for (status, end) in ends {
        let checkout = Checkout::new("slow");
        let mut screen = Screen::start(checkout.command(&[]));
        checkout.wait_for_log("waits as");
        screen.shows("grading");
        end(&mut screen);
        assert_eq!(screen.ends(), status);
        assert!(checkout.log().contains("cleaned up"), "{status}");
        let log = checkout.log();
        let (_, pid) = log.split_once("waits as ").unwrap();
        let pid: i32 = pid.lines().next().unwrap().parse().unwrap();
        assert!(
            kill(Pid::from_raw(pid), None).is_err(),
            "{status}: the run is left"
        );
    }
}

#[test]
fn it_fits_whatever_the_terminal_becomes() {
    let checkout = Checkout::new("much");
    let mut screen = Screen::start(checkout.command(&[]));
    screen.shows("PASSED");
    for (rows, cols) in [(10, 40), (40, 120), (6, 20), (24, 80)] {
        let size = PtySize {
            rows,
            cols,
            ..PtySize::default()
        };
        screen.parser.screen_mut().set_size(rows, cols);
        screen.terminal.as_ref().unwrap().resize(size).unwrap();
        let bar = "-".repeat(cols.into());
        // Two bars, and the keys below the second, which is the last line but one.
        screen.until("two bars", |screen| {
            let rows: Vec<String> = screen.rows(0, cols).collect();
            rows[1] == bar && rows[rows.len() - 2] == bar && !rows[rows.len() - 1].is_empty()
        });
    }
    // What scrolled away can be looked at.
    screen.types("\u{1b}[5~");
    screen.shows("lines below");
    screen.types("q");
    assert_eq!(screen.ends(), 0);
}

/// Ctrl-Z gives the terminal back to the shell, and `fg` has it drawn again.
#[test]
fn it_can_be_stopped_and_goes_on() {
    let checkout = Checkout::new("no");
    let workshop = checkout.command(&[]);
    let mut shell = checkout.command(&[]);
    *shell.get_argv_mut() = ["bash", "--norc", "--noprofile", "-i"]
        .map(Into::into)
        .to_vec();
    shell.env("PS1", "prompt> ");
    let mut screen = Screen::start(shell);
    screen.shows("prompt>");
    let program = workshop.get_argv()[0].to_str().unwrap().to_owned();
    screen.types(&format!("{program}\r"));
    screen.shows("FAILED");
    screen.types("\u{1a}");
    screen.until("the shell's screen", |screen| {
        !screen.alternate_screen() && screen.contents().contains("Stopped")
    });
    // What is typed now is the shell's.
    screen.types("echo he''re\r");
    screen.shows("here");
    checkout.save("01-one", "yes");
    screen.types("fg; echo en''ded with $?\r");
    screen.until("this screen", vt100::Screen::alternate_screen);
    screen.shows("PASSED");
    screen.types("q");
    screen.until("the shell's screen", |screen| {
        !screen.alternate_screen() && !screen.hide_cursor()
    });
    screen.shows("ended with 0");
    screen.types("exit\r");
    assert_eq!(screen.ends(), 0);
}

#[test]
fn no_colour_means_none() {
    for (no_color, wanted) in [("1", false), ("", true)] {
        let checkout = Checkout::new("no");
        let mut command = checkout.command(&[]);
        command.env("NO_COLOR", no_color);
        let mut screen = Screen::start(command);
        screen.shows("FAILED");
        screen.types("q");
        screen.ends();
        // Foreground colours: 38;5;N.
        let coloured = screen.bytes.windows(5).any(|bytes| bytes == b"\x1b[38;");
        assert_eq!(coloured, wanted);
    }
}

#[test]
fn a_machine_that_cannot_run_it_gives_no_verdict() {
    let checkout = Checkout::new("broken");
    let mut screen = Screen::start(checkout.command(&[]));
    screen.shows("the machine is broken");
    screen.shows("0 of 2 done");
    assert!(!checkout.path(".workshop/progress.json").exists());
    screen.types("q");
    assert_eq!(screen.ends(), 0);
}
