//! What it costs to start a container and see it end, beside others: the time from the start of
//! `pocket run --rm IMAGE true` to its end, and the same for programs that do a part of it or all.
//!
//! `cargo bench -p lab-13-container-engine`. The rounds are interleaved, so that a busy machine is as
//! unfair to one as to the other; what counts are the ratios.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What is measured, and the most that pocket may cost in its terms.
struct Candidate {
    name: &'static str,
    command: Vec<String>,
    limit: Option<f64>,
    times: Vec<Duration>,
}

/// A folder that is deleted in the end.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn main() -> std::io::Result<()> {
    let rounds = std::env::var("ROUNDS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(100);
    let folder = Folder(std::env::temp_dir().join(format!("pocket-bench-{}", std::process::id())));
    fs::create_dir_all(folder.0.join("bundle"))?;
    fs::write(folder.0.join("Dockerfile"), "FROM scratch\n")?;
    let state = folder.0.join("state");
    let pocket = env!("CARGO_BIN_EXE_pocket");
    let file = folder.0.join("Dockerfile");
    let built = Command::new(pocket)
        .args(["build", "-q", "-t", "bench"])
        .arg("-f")
        .arg(&file)
        .arg(&folder.0)
        .env("POCKET_ROOT", &state)
        .stdout(Stdio::null())
        .status()?;
    if !built.success() {
        return Err(std::io::Error::other("pocket cannot build"));
    }
    let root = nix::unistd::geteuid().is_root();
    let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let unshare = if root {
        "unshare -pf --mount-proc true"
    } else {
        "unshare -rpf --mount-proc true"
    };
    let bundle = bundle(&folder.0, root)?;
    let all = [
        (
            "pocket",
            words(&format!("{pocket} run --rm bench true")),
            None,
        ),
        ("unshare", words(unshare), Some(2.0)),
        (
            "bwrap",
            words("bwrap --ro-bind / / --unshare-pid --proc /proc --dev /dev true"),
            Some(1.0),
        ),
        (
            "runc",
            words(&format!(
                "runc run --bundle {} pocket-bench-{}",
                bundle.display(),
                std::process::id()
            )),
            None,
        ),
        ("docker", docker(), None),
    ];
    let mut candidates = Vec::new();
    for (name, command, limit) in all {
        match once(&command, &state) {
            Ok(_) => candidates.push(Candidate {
                name,
                command,
                limit,
                times: Vec::new(),
            }),
            Err(why) => println!("skipped: {name}: {why}"),
        }
    }
    for _ in 0..rounds {
        for candidate in &mut candidates {
            let time = once(&candidate.command, &state)?;
            candidate.times.push(time);
        }
    }
    for candidate in &mut candidates {
        candidate.times.sort();
    }
    let Some(base) = candidates
        .first()
        .filter(|first| first.name == "pocket")
        .map(median)
    else {
        return Err(std::io::Error::other("pocket itself cannot run"));
    };
    println!(
        "median of {rounds} interleaved rounds, in milliseconds; the ratio is pocket's time to the other's"
    );
    for candidate in &candidates {
        let ratio = base / median(candidate);
        let verdict = candidate.limit.map_or(String::new(), |limit| {
            format!(
                "   (at most {limit}: {})",
                if ratio <= limit { "kept" } else { "EXCEEDED" }
            )
        });
        println!(
            "{:10}{:8.2}{ratio:8.2}{verdict}",
            candidate.name,
            median(candidate)
        );
    }
    Ok(())
}

fn median(candidate: &Candidate) -> f64 {
    candidate.times[candidate.times.len() / 2].as_secs_f64() * 1000.0
}

fn once(command: &[String], state: &PathBuf) -> std::io::Result<Duration> {
    let begin = Instant::now();
    let output = Command::new(&command[0])
        .args(&command[1..])
        .env("POCKET_ROOT", state)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .output()?;
    let time = begin.elapsed();
    if output.status.success() {
        return Ok(time);
    }
    Err(std::io::Error::other(format!(
        "{}: {}",
        output.status,
        String::from_utf8_lossy(&output.stderr).trim()
    )))
}

/// What runc needs: a folder with a config.json. Its root is this machine's, as pocket's is.
fn bundle(folder: &std::path::Path, root: bool) -> std::io::Result<PathBuf> {
    let bundle = folder.join("bundle");
    let mut spec = Command::new("runc");
    spec.arg("spec")
        .current_dir(&bundle)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    if !root {
        spec.arg("--rootless");
    }
    if spec.status().is_ok_and(|status| status.success()) {
        let file = bundle.join("config.json");
        let text = fs::read_to_string(&file)?;
        let mut config: serde_json::Value = serde_json::from_str(&text)?;
        config["root"]["path"] = "/".into();
        config["process"]["args"] = serde_json::json!(["true"]);
        config["process"]["terminal"] = false.into();
        fs::write(&file, config.to_string())?;
    }
    Ok(bundle)
}

/// Any image that docker has and that can run `true`.
fn docker() -> Vec<String> {
    let image =
        std::env::var("BENCH_DOCKER_IMAGE").unwrap_or_else(|_| "debian:bookworm-slim".to_owned());
    ["docker", "run", "--rm", "--pull=never", &image, "true"]
        .map(str::to_owned)
        .to_vec()
}
