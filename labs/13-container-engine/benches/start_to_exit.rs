//! What it costs to start a container and see it end, beside others: the time from the start of
//! `pocket run --rm IMAGE true` to its end, and the same for programs that do a part of it or all.
//!
//! `cargo bench -p lab-13-container-engine`. The rounds are interleaved, in a new order each, so that a
//! busy machine is as unfair to one as to the other; what counts are the ratios. `ROUNDS` says how many; `POCKET` names
//! another program to measure.
//!
//! pocket is measured as it would be shipped: optimised and, as everywhere in this project, static,
//! since loading libraries takes a tenth of a start. Beside it the one that `cargo xtask` runs, if it
//! has been built: that one is not optimised, for the sake of the first build.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A path below the checkout that cargo runs this benchmark in.
fn checkout(path: &str) -> PathBuf {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo runs the benchmark");
    Path::new(&package).join("../..").join(path)
}

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
    let pocket = match std::env::var("POCKET") {
        Ok(program) => program,
        Err(_) => shipped()?,
    };
    let pocket = pocket.as_str();
    let file = folder.0.join("Dockerfile");
    let built = Command::new(pocket)
        .args(["build", "-q", "-t", "bench"])
        .arg("-f")
        .arg(&file)
        .arg(&folder.0)
        .env("POCKET_ROOT", &state)
        .stdout(Stdio::null())
        .status()
        .map_err(|error| std::io::Error::other(format!("cannot run {pocket}: {error}")))?;
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
    // The same namespaces as pocket's, though no root of its own.
    let all_namespaces = if root {
        "unshare -pfnimu --mount-proc true"
    } else {
        "unshare -rpfnimu --mount-proc true"
    };
    let bundle = bundle(&folder.0, root)?;
    let labs = checkout("target/lab/pocket").to_string_lossy().into_owned();
    // The path of a checkout may have blanks in it.
    let run_of = |pocket: &str| [vec![pocket.to_owned()], words("run --rm bench true")].concat();
    let all = [
        ("pocket", run_of(pocket), None),
        ("the labs'", run_of(&labs), None),
        ("unshare", words(unshare), Some(2.0)),
        (
            "unshare all",
            words(all_namespaces),
            Some(1.5).filter(|_| root),
        ),
        (
            "bwrap all",
            words("bwrap --ro-bind / / --unshare-all --proc /proc --dev /dev --tmpfs /tmp true"),
            Some(1.0),
        ),
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
    let mut order: Vec<usize> = (0..candidates.len()).collect();
    for _ in 0..rounds {
        // The kernel takes namespaces apart after their last process has ended, and whoever comes next
        // pays for it: not always the same.
        fastrand::shuffle(&mut order);
        for &index in &order {
            let candidate = &mut candidates[index];
            candidate.times.push(once(&candidate.command, &state)?);
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
            "{:12}{:8.2}{ratio:8.2}{verdict}",
            candidate.name,
            median(candidate)
        );
    }
    Ok(())
}

/// Builds pocket once more, as a static program, into the place where cargo has built this benchmark's.
fn shipped() -> std::io::Result<String> {
    let built = Command::new(std::env::var_os("CARGO").expect("cargo runs the benchmark"))
        .args(["build", "--quiet", "--release", "--bin", "pocket"])
        .env("RUSTC_WORKSPACE_WRAPPER", checkout("xtask/static-rustc"))
        .status()?;
    if !built.success() {
        return Err(std::io::Error::other("cargo cannot build a static pocket"));
    }
    let path = launch::program_under_test("pocket");
    Ok(path.to_string_lossy().into_owned())
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

/// What runc needs: a folder with a config.json and a root.
fn bundle(folder: &Path, root: bool) -> std::io::Result<PathBuf> {
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
        config["process"]["args"] = serde_json::json!(["true"]);
        config["process"]["terminal"] = false.into();
        // pocket limits nothing, so it needs no cgroups; and neither does this.
        if let Some(mounts) = config["mounts"].as_array_mut() {
            mounts.retain(|mount| mount["type"] != "cgroup");
            mounts.extend(machine(&bundle.join("rootfs"))?);
        }
        fs::write(&file, config.to_string())?;
    }
    Ok(bundle)
}

/// Makes a root that shows this machine's programs, and the mounts that it takes. (runc cannot have
/// the root that it stands on itself.)
fn machine(root: &Path) -> std::io::Result<Vec<serde_json::Value>> {
    fs::create_dir(root)?;
    let mut mounts = Vec::new();
    for name in ["bin", "lib", "lib64", "sbin", "usr"] {
        let (from, to) = (Path::new("/").join(name), root.join(name));
        if let Ok(target) = fs::read_link(&from) {
            std::os::unix::fs::symlink(target, to)?;
        } else if from.is_dir() {
            fs::create_dir(to)?;
            let options = ["rbind", "ro"];
            mounts.push(serde_json::json!({
                "destination": from, "type": "bind", "source": from, "options": options
            }));
        }
    }
    Ok(mounts)
}

/// The first image of docker's that can run `true`.
fn docker() -> Vec<String> {
    let words = |image: &str| {
        ["docker", "run", "--rm", "--entrypoint", "true", image]
            .map(str::to_owned)
            .to_vec()
    };
    let list = Command::new("docker")
        .args(["images", "--format", "{{.Repository}}:{{.Tag}}"])
        .output();
    let list = list
        .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
        .unwrap_or_default();
    let works = |command: &Vec<String>| {
        let mut run = Command::new(&command[0]);
        run.args(&command[1..])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        run.status().is_ok_and(|status| status.success())
    };
    let names = list.lines().filter(|name| !name.contains("<none>"));
    names
        .map(words)
        .find(works)
        .unwrap_or_else(|| words("no-image-that-can-run-true"))
}
