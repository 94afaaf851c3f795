//! pocket beside the real docker, command by command: what they print and how they end must agree.

mod common;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::{Done, Folder, skip};

/// Lines of bash, each run on both engines. `$I` is an image with 13-probe as its entrypoint, `$S` one
/// with no command at all; `c1`, `c2` are names of containers, removed after each group.
const GROUPS: &[(&str, &[&str])] = &[
    (
        "exit codes",
        &[
            "docker run --rm $I exit 0",
            "docker run --rm $I exit 7",
            "docker run --rm $I exit 255",
            "docker run --rm $I exit 256",
            "docker run --rm $I exit -1",
            "docker run --rm $I raise 15",
            "docker run --rm $I raise 9",
            "docker run --rm --init $I raise 15",
            "docker run --rm --init $I raise 9",
            "docker run --rm --init $I exit 5",
            "docker run --rm --init --entrypoint nosuch $I",
        ],
    ),
    (
        "what cannot be executed",
        &[
            "docker run --rm --entrypoint nosuch $I",
            "docker run --rm --entrypoint /nosuch $I",
            "docker run --rm --entrypoint ./nosuch $I",
            "docker run --rm --entrypoint /etc $I",
            "docker run --rm --entrypoint /data $I",
            "docker run --rm --entrypoint /noformat $I",
            "docker run --rm --entrypoint /nointerpreter $I",
            "docker run -d --name c1 --entrypoint nosuch $I",
            "docker inspect -f '{{.State.Status}} {{.State.ExitCode}} {{.State.Error}}' c1",
            "docker start c1",
            "docker start -a c1",
            "docker wait c1",
            "docker logs c1",
            "docker rm c1",
            "docker run --rm --entrypoint '' $I",
            "docker run --rm $S",
        ],
    ),
    (
        "bad command lines",
        &[
            "docker run",
            "docker run --bogus $I",
            "docker run -z $I",
            "docker run --name",
            "docker run -e",
            "docker run --rm=maybe $I",
            "docker run --stop-timeout x $I",
            "docker run --stop-signal FOO $I exit 0",
            "docker run --name 'a b' $I exit 0",
            "docker run --name x $I exit 0",
            "docker run -p abc:1 $I exit 0",
            "docker run -p 1:2:3:4 $I exit 0",
            "docker run --rm --restart always $I exit 0",
            "docker run --rm -it $I exit 0",
            "docker stop",
            "docker kill",
            "docker wait",
            "docker rm",
            "docker exec",
            "docker exec c1",
            "docker logs",
            "docker logs a b",
            "docker attach",
            "docker inspect",
            "docker port",
            "docker top",
            "docker ps extra",
            "docker stop --bogus c1",
            "docker kill -z c1",
            "docker nosuchcommand",
            "docker --nosuchflag",
        ],
    ),
    (
        "nothing there",
        &[
            "docker stop nosuch",
            "docker kill nosuch",
            "docker wait nosuch",
            "docker rm nosuch",
            "docker rm -f nosuch",
            "docker logs nosuch",
            "docker exec nosuch true",
            "docker start nosuch",
            "docker restart nosuch",
            "docker top nosuch",
            "docker attach nosuch",
            "docker port nosuch",
            "docker inspect nosuch",
            "docker inspect -f '{{.Id}}' nosuch",
            "docker inspect --type container nosuch",
            "docker rmi nosuch",
            "docker rmi -f nosuch",
            "docker stop nosuch1 nosuch2",
        ],
    ),
    (
        "a life",
        &[
            "docker run -d --name c1 $I on 3",
            "timeout 10 grep -m1 ready <(docker logs -f c1 2>/dev/null)",
            "docker run --name c1 $I exit 0",
            "docker inspect -f '{{.State.Status}} {{.State.Running}} {{.State.ExitCode}} {{.RestartCount}} {{.Name}} {{.Path}} {{.Args}}' c1",
            "docker start c1",
            "docker rm c1",
            "docker ps --format '{{.Names}} {{.Image}} {{.Command}} {{.State}}' --filter name=c1",
            "docker kill -s USR1 c1",
            "docker kill --signal sigusr2 c1",
            "docker kill -s RTMIN+3 c1",
            "docker kill -s 28 c1",
            "docker kill -s FOO c1",
            "docker kill -s 0 c1",
            "docker kill -s 99 c1",
            "docker stop c1",
            "docker logs c1 | grep -v RT",
            "docker logs --tail 1 c1",
            "docker wait c1",
            "docker inspect -f '{{.State.Status}} {{.State.Running}} {{.State.ExitCode}} {{.State.Pid}}' c1",
            "docker stop c1",
            "docker kill c1",
            "docker exec c1 true",
            "docker top c1",
            "docker attach c1",
            "docker port c1",
            "docker start c1",
            "docker restart -t 5 c1",
            "docker stop -t 5 c1 nosuch c1",
            "docker rm c1 nosuch",
            "docker ps -aq --filter name=c1",
        ],
    ),
    (
        "stop by force",
        &[
            "docker run -d --name c1 $I wait",
            "docker stop -t 0 c1",
            "docker wait c1",
            "docker start c1",
            "docker kill c1",
            "docker wait c1",
            "docker start c1",
            "docker stop --time 0 c1",
            "docker start c1",
            "docker rm -f c1",
            "docker run -d --name c2 --stop-timeout 0 $I wait",
            "docker inspect -f '{{.Config.StopTimeout}} {{.Config.StopSignal}}' c2",
            "docker stop c2",
            "docker wait c2",
        ],
    ),
    (
        "stop signals",
        &[
            "docker run -d --name c1 --stop-signal INT $I on 4",
            "timeout 10 grep -m1 ready <(docker logs -f c1 2>/dev/null)",
            "docker inspect -f '{{.Config.StopSignal}}' c1",
            "docker stop c1",
            "docker logs c1",
            "docker wait c1",
            "docker start c1",
            "timeout 10 grep -c -m2 ready <(docker logs -f c1 2>/dev/null)",
            "docker stop c1",
            "docker logs --tail 1 c1",
        ],
    ),
    (
        "exec",
        &[
            "docker run -d --name c1 $I wait",
            "docker exec c1 /13-probe exit 7",
            "docker exec c1 /13-probe raise 9",
            "docker exec c1 /13-probe raise 15",
            "docker exec c1 nosuch",
            "docker exec c1 /nosuch",
            "docker exec c1 /etc",
            "docker exec c1 /noformat",
            "docker exec c1 /nointerpreter",
            "docker exec -u nosuchuser c1 /13-probe exit 0",
            "docker exec -w /nosuch c1 /13-probe exit 0",
            "docker exec -e A=1 -e B=two c1 /13-probe env A B IMG",
            "docker exec c1 /13-probe signals",
            "docker exec c1 /13-probe both out err",
            "echo hello | docker exec -i c1 /13-probe cat",
            "echo hello | docker exec c1 /13-probe cat",
            "docker exec -d c1 /13-probe exit 3",
            ": >out; docker exec c1 /13-probe wait >out & P=$!; until grep -q ready out; do :; done; docker kill c1; wait $P; echo $?",
        ],
    ),
    (
        "streams",
        &[
            "docker run --rm $I both out err",
            "docker run --rm $I both out err 2>/dev/null",
            "docker run --rm $I both out err >/dev/null",
            "echo hello | docker run --rm -i $I cat",
            "echo hello | docker run --rm $I cat",
            "docker run --name c1 $I both out err",
            "docker logs c1 2>/dev/null",
            "docker logs c1 >/dev/null",
            "docker logs --tail 0 c1",
            "docker start -a c1",
            "docker logs c1",
            "docker run --rm -t $I both out err | od -c | head -3",
            "docker run --rm $I args 'a b' '' '$HOME' -x --name",
        ],
    ),
    (
        "environment and signals of PID 1",
        &[
            "docker run --rm $I env PATH IMG A TERM",
            "docker run --rm -e A=1 -e IMG=other $I env A IMG",
            "A=mine docker run --rm -e A $I env A",
            "docker run --rm -t $I env TERM",
            "docker run --rm $I signals",
            "(trap '' TERM INT HUP; docker run --rm $I signals)",
            "docker run --rm -w /work $I env PWD",
            "docker run --rm -w work $I exit 0",
            "docker run --rm -u nosuchuser $I exit 0",
            "docker run --rm $I orphans 5",
            "docker run --rm --init $I orphans 5",
        ],
    ),
    (
        "inspect",
        &[
            "docker create --name c1 -l a=b -l c --hostname box -u 5:6 -w /work -e A=1 --init --stop-timeout 3 -p 127.0.0.1:4999:80 $I exit 0",
            "docker inspect -f '{{.Config.Labels}} {{.Config.Hostname}} {{.Config.User}} {{.Config.WorkingDir}} {{.Config.Env}}' c1",
            "docker inspect -f '{{.Config.Entrypoint}} {{.Config.Cmd}} {{.Path}} {{.Args}} {{.HostConfig.Init}} {{.Config.Tty}}' c1",
            "docker inspect -f '{{json .Config.Entrypoint}} {{json .Config.Cmd}} {{json .State.Running}} {{json .Config.Labels}}' c1",
            "docker inspect -f '{{.State.Status}} {{.State.StartedAt}} {{.State.FinishedAt}} {{.State.OOMKilled}} [{{.State.Error}}]' c1",
            "docker inspect -f '{{.HostConfig.AutoRemove}} {{.HostConfig.RestartPolicy.Name}} {{.HostConfig.RestartPolicy.MaximumRetryCount}}' c1",
            "docker inspect -f '{{index .Config.Labels \"a\"}}' c1",
            "docker inspect -f '{{json .HostConfig.PortBindings}} {{json .NetworkSettings.Ports}}' c1",
            "docker inspect -f '{{.Foo}}' c1",
            "docker inspect -f '{{.State.Foo}}' c1",
            "docker inspect -f '{{.Foo' c1",
            "docker inspect -f '{{.Config.Entrypoint}} {{.Config.Cmd}} {{.Config.Env}} {{.Config.WorkingDir}}' $S",
            "docker inspect -f '{{.RepoTags}}' $S | wc -w",
            "docker ps -a --filter label=a=b --filter name=c1 --format '{{.Names}} {{.Status}} {{.Labels}}'",
            "docker ps -a --filter label=a=x --filter name=c1 --format '{{.Names}}'",
            "docker ps -a --filter status=created --filter name=c1 --format '{{.Names}}'",
            "docker ps --filter bogus=1",
            "docker ps -a --filter name=c1 --format '{{.Bogus}}'",
            "docker ps --format '{{.Names'",
        ],
    ),
    (
        "ports",
        &[
            "docker run -d --name c1 -p 127.0.0.1:$P:80 $I wait",
            "docker port c1",
            "docker port c1 80",
            "docker port c1 81",
            "docker ps --filter name=c1 --format '{{.Ports}}'",
            "docker run --name c2 -p $P:80 $I wait 2>&1 | sed 's/endpoint.*: listen/endpoint: listen/'",
            "docker run -d --name c2 -p $P:80 $I wait >/dev/null 2>&1",
        ],
    ),
    (
        "restart policies",
        &[
            "docker run -d --name c1 --restart on-failure:2 $I exit 3",
            "timeout 20 bash -c 'until [ \"$(docker inspect -f \"{{.State.Status}} {{.RestartCount}}\" c1)\" = \"exited 2\" ]; do :; done'",
            "docker inspect -f '{{.RestartCount}} {{.State.ExitCode}} {{.HostConfig.RestartPolicy.Name}}' c1",
            "docker run -d --name c2 --restart always $I on 0",
            "timeout 10 grep -m1 ready <(docker logs -f c2 2>/dev/null)",
            "docker stop c2",
            "docker inspect -f '{{.State.Status}} {{.RestartCount}}' c2",
            "docker run --restart sometimes $I exit 0",
        ],
    ),
    (
        "what happened",
        &[
            "docker run -d --name c1 $I on 3 >/dev/null",
            "timeout 10 grep -m1 ready <(docker logs -f c1 2>/dev/null)",
            "docker kill -s USR1 c1 >/dev/null; docker stop c1 >/dev/null; docker start c1 >/dev/null; docker rm -f c1 >/dev/null",
            "timeout 20 bash -c 'until docker events --since 60s --until 0s --filter container=c1 --filter event=destroy | grep -q destroy; do :; done'",
            "docker events --since 60s --until 0s --filter type=container --filter container=c1 --format '{{.Action}} {{.Actor.Attributes.signal}} {{.Actor.Attributes.exitCode}}' | sed 's/<no value>//g'",
            "docker events --since 60s --until 0s --filter container=c1 --filter event=die --filter event=kill --filter type=container",
        ],
    ),
    (
        "clients that are sent signals",
        &[
            ": >out; docker run --name c1 $I on 3 >out & P=$!; until grep -q ready out; do :; done; kill -USR1 $P; until grep -q USR1 out; do :; done; kill -TERM $P; wait $P; echo $?; cat out",
            "docker run --name c2 $I pause & until [ \"$(docker inspect -f '{{.State.Running}}' c2 2>&1)\" = true ]; do :; done; kill -KILL $!; wait $! 2>/dev/null; echo $?; docker inspect -f '{{.State.Status}}' c2",
        ],
    ),
];

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
        let probe = Path::new(env!("CARGO_BIN_EXE_13-probe"));
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
        let unique = |name: &str| format!("{name}-cmp{}x{group}", std::process::id());
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
            normal(&text.replace(self.port(), "<port>"))
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
        Engine::new(Path::new(env!("CARGO_BIN_EXE_pocket")), false),
    ];
    // The groups share nothing, so several run at a time.
    let next = AtomicUsize::new(0);
    let differences = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some((title, lines)) = GROUPS.get(number) else {
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
        GROUPS.iter().map(|(_, lines)| lines.len()).sum::<usize>()
    );
    assert!(
        differences.is_empty(),
        "{} differences:\n{}",
        differences.len(),
        differences.join("\n")
    );
}

/// Runs a group on both; returns where they differ.
fn compare(engines: &[Engine; 2], number: usize, title: &str, lines: &[&str]) -> Vec<String> {
    let mut differences = Vec::new();
    if title.contains(&std::env::var("ONLY").unwrap_or_default()) {
        for line in lines {
            let [docker, pocket] = [engines[0].line(number, line), engines[1].line(number, line)];
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

#[test]
fn the_comparison_sees_a_difference() {
    // The negative control: lines that cannot agree must not look alike.
    assert_ne!(normal("exit 1"), normal("exit 2"));
    assert_ne!(normal("no such file"), normal("permission denied"));
    let id = "0123456789abcdef".repeat(4);
    assert_eq!(normal(&format!("{id} up")), "<id> up");
    assert_eq!(normal("at 2026-11-23T01:38:19.305804911Z x"), "at <time> x");
    assert_eq!(
        replace_word("docker rm c1 c12 xc1", "c1", "n"),
        "docker rm n c12 xc1"
    );
}
