//! What the tests of pocket share: an engine of their own, which is gone afterwards.

#![allow(dead_code, reason = "each test program uses a part of it")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// The user that tests become when root runs them: nobody.
pub const NOBODY: u32 = 65534;

/// A folder that is deleted in the end.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path =
            std::env::temp_dir().join(format!("pocket-test-{}-{number}", std::process::id()));
        fs::create_dir(&path).expect("a temporary folder");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o777)).expect("its permissions");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A pocket with a state of its own, for one user.
pub struct Pocket {
    folder: Folder,
    /// Become this user first.
    user: Option<u32>,
}

/// What a command left behind.
#[derive(Debug, PartialEq, Eq)]
pub struct Done {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl From<Output> for Done {
    fn from(output: Output) -> Self {
        use std::os::unix::process::ExitStatusExt;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let code = output
            .status
            .code()
            .or(output.status.signal().map(|signal| 128 + signal));
        Self {
            code: code.unwrap_or(-1),
            out: text(&output.stdout),
            err: text(&output.stderr),
        }
    }
}

/// Copies a program, by another process: one that another test forks at that moment would inherit the
/// descriptor that we write to, and as long as it has that, nobody can execute the copy (ETXTBSY,
/// execve(2)).
fn copy_program(name: &str, to: &Path) {
    let copied = Command::new("cp")
        .arg(launch::program_under_test(name))
        .arg(to)
        .status();
    assert!(copied.expect("cp").success(), "cannot copy {name}");
}

impl Pocket {
    /// With the image `probe`: ENTRYPOINT is 13-probe.
    pub fn new(user: Option<u32>) -> Self {
        let folder = Folder::new();
        let bin = folder.0.join("bin");
        fs::create_dir(&bin).expect("a folder");
        // A copy: the user may not be allowed to reach the folder that cargo builds in.
        copy_program("pocket", &bin.join("docker"));
        let context = folder.0.join("context");
        fs::create_dir(&context).expect("a folder");
        copy_program("13-probe", &context.join("13-probe"));
        let pocket = Self { folder, user };
        pocket.build(
            "probe",
            "FROM scratch\nCOPY 13-probe /13-probe\nENTRYPOINT [\"/13-probe\"]\n",
        );
        pocket
    }

    /// For every kind of user that this process can be: root and nobody, or just what it is.
    pub fn each_user(test: impl Fn(&Self)) {
        if nix::unistd::geteuid().is_root() {
            test(&Self::new(None));
            test(&Self::new(Some(NOBODY)));
        } else {
            eprintln!("not root: tested as an ordinary user only");
            test(&Self::new(None));
        }
    }

    pub fn is_root(&self) -> bool {
        self.user.is_none() && nix::unistd::geteuid().is_root()
    }

    /// The folder that this engine may use.
    pub fn path(&self) -> &Path {
        &self.folder.0
    }

    /// A program run as the user, with `docker` in its PATH being this engine.
    pub fn program(&self, name: &str) -> Command {
        let mut command = match self.user {
            None => Command::new(name),
            Some(id) => {
                let mut command = Command::new("setpriv");
                command.args([
                    format!("--reuid={id}"),
                    format!("--regid={id}"),
                    "--clear-groups".into(),
                    "--".into(),
                    name.into(),
                ]);
                command
            }
        };
        let path = std::env::var("PATH").unwrap_or_default();
        command
            .env(
                "PATH",
                format!("{}:{path}", self.folder.0.join("bin").display()),
            )
            .env("POCKET_ROOT", self.folder.0.join("state"))
            .current_dir(&self.folder.0)
            .stdin(Stdio::null());
        command
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = self.program(self.folder.0.join("bin/docker").to_str().expect("UTF-8"));
        command.args(args);
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, args: &[&str]) -> Done {
        self.command(args).output().expect("pocket runs").into()
    }

    /// Runs a command that must succeed; returns what it printed, without the last newline.
    #[track_caller]
    pub fn ok(&self, args: &[&str]) -> String {
        let done = self.run(args);
        assert_eq!(done.code, 0, "{args:?}: {done:?}");
        done.out.trim_end_matches('\n').to_owned()
    }

    /// Runs a line of bash.
    pub fn bash(&self, line: &str) -> Done {
        self.program("bash")
            .args(["-c", line])
            .output()
            .expect("bash runs")
            .into()
    }

    /// Builds an image from a Dockerfile's text.
    #[track_caller]
    pub fn build(&self, name: &str, dockerfile: &str) {
        let done = self.try_build(name, dockerfile);
        assert_eq!(done.code, 0, "{done:?}");
    }

    pub fn try_build(&self, name: &str, dockerfile: &str) -> Done {
        let file = self.folder.0.join(format!("Dockerfile.{name}"));
        fs::write(&file, dockerfile).expect("a Dockerfile");
        self.run(&[
            "build",
            "-q",
            "-t",
            name,
            "-f",
            file.to_str().expect("UTF-8"),
            "context",
        ])
    }

    /// What `inspect` says about one field.
    #[track_caller]
    pub fn field(&self, name: &str, field: &str) -> String {
        self.ok(&["inspect", "-f", &format!("{{{{.{field}}}}}"), name])
    }

    /// Waits until a container has printed a line.
    #[track_caller]
    pub fn await_line(&self, name: &str, line: &str) {
        until(&format!("{name} prints {line}"), || {
            self.run(&["logs", name]).out.lines().any(|one| one == line)
        });
    }
}

impl Drop for Pocket {
    fn drop(&mut self) {
        for id in self.run(&["ps", "-aq"]).out.lines() {
            self.run(&["rm", "-f", id]);
        }
    }
}

/// Waits for a condition, ten seconds at most.
#[track_caller]
pub fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !condition() {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        // A pause between two looks, not in place of one.
        std::thread::park_timeout(Duration::from_millis(5));
    }
}

/// A test that cannot be done here; with TRAPPING_SIGNALS_DENY_SKIP=1 that is a failure.
#[track_caller]
pub fn skip(why: &str) {
    eprintln!("skipped: {why}");
    assert_ne!(
        std::env::var("TRAPPING_SIGNALS_DENY_SKIP").as_deref(),
        Ok("1"),
        "skipped: {why}"
    );
}
