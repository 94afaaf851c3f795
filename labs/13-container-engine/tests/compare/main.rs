//! pocket beside the real docker, command by command: what they print and how they end must agree.

#[path = "../common/mod.rs"]
mod common;
mod groups;
mod missing;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::{Done, Folder, skip};

/// One of the two.
struct Engine {
    folder: Folder,
    /// Real docker: image names have to be ours.
    image: String,
    scratch: String,
    real: bool,
}

impl Engine {
    fn new(program: &Path, real: bool) -> Self {
        let folder = Folder::new();
        let bin = folder.0.join("bin");
        fs::create_dir(&bin).expect("a folder");
        symlink(program, bin.join("docker")).expect("a link");
        let tag = format!("pocket-compare-{}", std::process::id());
        let engine = Self {
            folder,
            image: tag.clone(),
            scratch: format!("{tag}:scratch"),
            real,
        };
        engine.build();
        engine
    }

    /// An image that needs nothing of the machine: the probe and its libraries.
    fn build(&self) {
        let context = self.folder.0.join("context");
        let root = context.join("root");
        fs::create_dir_all(root.join("etc")).expect("a folder");
        let probe = &launch::program_under_test("13-probe");
        fs::copy(probe, root.join("13-probe")).expect("a copy");
        let ldd = Command::new("ldd").arg(probe).output().expect("ldd runs");
        for word in String::from_utf8_lossy(&ldd.stdout)
            .split_whitespace()
            .filter(|word| word.starts_with('/'))
        {
            let target = root.join(word.trim_start_matches('/'));
            fs::create_dir_all(target.parent().expect("a folder")).expect("a folder");
            fs::copy(word, target).expect("a copy");
        }
        fs::write(root.join("data"), "no program\n").expect("a file");
        for (name, text) in [
            ("noformat", "exit 3\n"),
            ("nointerpreter", "#!/no/such/file\n"),
        ] {
            use std::os::unix::fs::PermissionsExt;
            fs::write(root.join(name), text).expect("a file");
            fs::set_permissions(root.join(name), fs::Permissions::from_mode(0o755)).expect("chmod");
        }
        let both = "FROM scratch\nCOPY root/ /\nENV IMG=yes\n";
        fs::write(
            context.join("Dockerfile"),
            format!("{both}ENTRYPOINT [\"/13-probe\"]\n"),
        )
        .expect("a Dockerfile");
        fs::write(context.join("Dockerfile.s"), both).expect("a Dockerfile");
        for (name, file) in [(&self.image, "Dockerfile"), (&self.scratch, "Dockerfile.s")] {
            let done = self.bash(&format!(
                "docker build -q -t {name} -f context/{file} context 2>&1"
            ));
            assert_eq!(done.code, 0, "{done:?}");
        }
    }

    fn bash(&self, line: &str) -> Done {
        let path = std::env::var("PATH").unwrap_or_default();
        let mut command = Command::new("timeout");
        command
            .args(["60", "bash", "-c", line])
            .current_dir(&self.folder.0);
        command.env(
            "PATH",
            format!("{}:{path}", self.folder.0.join("bin").display()),
        );
        command
            .env("POCKET_ROOT", self.folder.0.join("state"))
            .env("I", &self.image)
            .env("S", &self.scratch)
            .env("P", self.port());
        command.stdin(std::process::Stdio::null());
        command.output().expect("bash runs").into()
    }

    /// Runs a line with names that nobody else has, and takes out what differs by nature.
    fn line(&self, group: usize, line: &str) -> Done {
        // No such name is a part of another: a filter by name takes parts.
        let unique = |name: &str| format!("{name}-cmp{}x{group}x", std::process::id());
        let mut text = line.to_owned();
        for name in ["c1", "c2"] {
            text = replace_word(&text, name, &unique(name));
        }
        let done = self.bash(&text);
        let clean = |text: &str| {
            let mut text = text.to_owned();
            for name in ["c1", "c2"] {
                text = text.replace(&unique(name), name);
            }
            without_port(&normal(&text), self.port())
        };
        Done {
            code: done.code,
            out: clean(&done.out),
            err: clean(&done.err),
        }
    }

    /// Both run at once, so each has a port of its own.
    fn port(&self) -> &'static str {
        if self.real { "4998" } else { "4988" }
    }

    fn clean_up(&self, group: usize) {
        self.line(group, "docker rm -f c1 c2");
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // A container that a failed line left behind has this image.
        self.bash(&format!(
            "docker ps -aq --filter ancestor={} | xargs -r docker rm -f",
            self.image
        ));
        self.bash("docker ps -aq --format '{{.ID}} {{.Image}}' | awk -v i=$I 'index($2, i) == 1 {print $1}' | xargs -r docker rm -f");
        self.bash("docker rmi -f $I $S");
    }
}

fn replace_word(text: &str, word: &str, with: &str) -> String {
    let inside = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(word) {
        let (before, after) = (&rest[..at], &rest[at + word.len()..]);
        out.push_str(before);
        let alone = !inside(out.chars().last()) && !inside(after.chars().next());
        out.push_str(if alone { with } else { word });
        rest = after;
    }
    out + rest
}

/// What differs by nature: ids, times, and a note of the old builder.
fn normal(text: &str) -> String {
    let mut out = String::new();
    let mut run = String::new();
    for c in text.chars().chain(['\n']) {
        if c.is_ascii_hexdigit() && !c.is_ascii_uppercase() {
            run.push(c);
            continue;
        }
        match run.len() {
            64 => out.push_str("<id>"),
            12 if run.contains(|c: char| c.is_ascii_digit()) => out.push_str("<short>"),
            _ => out.push_str(&run),
        }
        run.clear();
        out.push(c);
    }
    out.pop();
    let words = out.split_inclusive(char::is_whitespace).map(|word| {
        let time = word.len() > 20
            && word.starts_with("20")
            && word.trim_end().ends_with('Z')
            && word.contains('T');
        if time {
            format!("<time>{}", &word[word.trim_end().len()..])
        } else {
            word.to_owned()
        }
    });
    // The init's number in the pid namespace: Docker's runtime counted a few of its own before.
    let text: String = words.collect();
    match text.split_once("tini (") {
        Some((start, rest)) => format!(
            "{start}tini (<pid>{}",
            rest.trim_start_matches(char::is_numeric)
        ),
        None => text,
    }
}

fn real_docker() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let found = std::env::split_paths(&path)
        .map(|dir| dir.join("docker"))
        .find(|file| {
            let version = Command::new(file)
                .args([
                    "version",
                    "--format",
                    "{{.Server.Version}} {{.Server.GitCommit}}",
                ])
                .output();
            version.is_ok_and(|output| output.status.success() && output.stdout.len() > 3)
        });
    found.and_then(|file| file.canonicalize().ok())
}

#[test]
fn pocket_does_what_docker_does() {
    let Some(docker) = real_docker() else {
        skip("no docker daemon answers; start one to compare with it");
        return;
    };
    let engines = [
        Engine::new(&docker, true),
        Engine::new(&launch::program_under_test("pocket"), false),
    ];
    let groups = groups::all();
    // The groups share nothing, so several run at a time.
    let next = AtomicUsize::new(0);
    let differences = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some((title, lines)) = groups.get(number) else {
                        break;
                    };
                    let found = compare(&engines, number, title, lines);
                    differences.lock().expect("no panic").extend(found);
                }
            });
        }
    });
    let differences = differences.into_inner().expect("no panic");
    eprintln!(
        "compared {} commands",
        groups.iter().map(|(_, lines)| lines.len()).sum::<usize>()
    );
    assert!(
        differences.is_empty(),
        "{} differences:\n{}",
        differences.len(),
        differences.join("\n")
    );
}

/// Runs a group on both; returns where they differ.
fn compare(engines: &[Engine; 2], number: usize, title: &str, lines: &[String]) -> Vec<String> {
    let mut differences = Vec::new();
    if title.contains(&std::env::var("ONLY").unwrap_or_default()) {
        for line in lines {
            let [docker, pocket] = std::thread::scope(|scope| {
                let docker = scope.spawn(|| engines[0].line(number, line));
                let pocket = engines[1].line(number, line);
                [docker.join().expect("no panic"), pocket]
            });
            if docker != pocket {
                differences.push(format!(
                    "{title}: {line}\n  docker: {docker:?}\n  pocket: {pocket:?}"
                ));
            }
        }
        engines.iter().for_each(|engine| engine.clean_up(number));
    }
    differences
}

/// What has been made [`normal`], without the engine's port: an id may have the same digits in it.
fn without_port(normal: &str, port: &str) -> String {
    normal.replace(port, "<port>")
}

#[test]
fn the_comparison_sees_a_difference() {
    // The negative control: lines that cannot agree must not look alike.
    assert_ne!(normal("exit 1"), normal("exit 2"));
    assert_ne!(normal("no such file"), normal("permission denied"));
    let id = "0123456789abcdef".repeat(4);
    assert_eq!(normal(&format!("{id} up")), "<id> up");
    let clean = |text: &str| without_port(&normal(text), "45678");
    assert_eq!(clean(&format!("{id} at 45678")), "<id> at <port>");
    assert_eq!(normal("at 2026-11-23T01:38:19.305804911Z x"), "at <time> x");
    assert_eq!(
        replace_word("docker rm c1 c12 xc1", "c1", "n"),
        "docker rm n c12 xc1"
    );
}
