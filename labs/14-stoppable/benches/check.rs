//! What an examination costs, and what being watched costs.
//!
//! `cargo bench -p lab-14-stoppable`, with whatever `docker` is on PATH (`STOPPABLE_ENGINE` names another). Two ratios,
//! each within one run: `stoppable check` of a healthy image beside the same starts and stops by hand; and the requests
//! per second of a server that is traced beside one that is not. `ROUNDS` says how often.

use std::error::Error;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// The starts and stops of one check: stop, interrupt, init, crash, twice, and five while it starts.
const CONTAINERS: usize = 10;
/// A check may cost so many times what the same costs by hand.
const LIMIT: f64 = 3.0;
/// For how long a server is asked.
const LOAD: Duration = Duration::from_secs(3);

/// What is removed in the end, whatever happens.
struct Bench {
    engine: String,
    folder: PathBuf,
    image: String,
    container: String,
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = self.call(&["rm", "-f", &self.container]);
        let _ = self.call(&["rmi", "-f", &self.image]);
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn main() -> Outcome<()> {
    let rounds: usize = std::env::var("ROUNDS").map_or(Ok(5), |text| text.parse())?;
    let number = std::process::id();
    let bench = Bench {
        engine: std::env::var("STOPPABLE_ENGINE").unwrap_or_else(|_| "docker".into()),
        folder: std::env::temp_dir().join(format!("bench-stoppable-{number}")),
        image: format!("bench-stoppable-{number}"),
        container: format!("bench-stoppable-{number}"),
    };
    let programs = build()?;
    fs::create_dir(&bench.folder)?;
    fs::copy(programs.join("14-patient"), bench.folder.join("app"))?;
    let dockerfile = "FROM scratch\nCOPY app /app\nEXPOSE 3000\nENTRYPOINT [\"/app\", \"--on\", \"TERM,INT\", \"--reap\"]\n";
    fs::write(bench.folder.join("Dockerfile"), dockerfile)?;
    bench.call(&[
        "build",
        "-q",
        "-t",
        &bench.image,
        &bench.folder.to_string_lossy(),
    ])?;
    let stoppable = programs.join("stoppable");

    let (mut hand, mut check) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        let mut by_hand = || bench.by_hand().map(|time| hand.push(time));
        let mut checked = || bench.check(&stoppable).map(|time| check.push(time));
        // In turn first: a busy machine is as unfair to one as to the other.
        let order: [&mut dyn FnMut() -> Outcome<()>; 2] = match round % 2 {
            0 => [&mut by_hand, &mut checked],
            _ => [&mut checked, &mut by_hand],
        };
        order.into_iter().try_for_each(|measure| measure())?;
    }
    let (hand, check) = (median(&mut hand), median(&mut check));
    let ratio = check / hand;
    println!("{CONTAINERS} starts and stops by hand: {hand:.2} s; stoppable check: {check:.2} s");
    println!("ratio {ratio:.2} (limit {LIMIT})");

    for (name, flags) in [
        ("handles signals", ["--on", "TERM"]),
        ("fetches signals", ["--signalfd", "TERM"]),
    ] {
        let (plain, traced) = bench.load(&stoppable, &flags)?;
        println!(
            "a server that {name}: {plain:.0} requests a second, traced {traced:.0}; ratio {:.2}",
            traced / plain
        );
    }
    if ratio > LIMIT {
        Err(format!("{ratio:.2} is above {LIMIT}").into())
    } else {
        Ok(())
    }
}

/// Builds the two programs as the labs have them: static.
fn build() -> Outcome<PathBuf> {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").ok_or("cargo runs the benchmark")?;
    let root = Path::new(&package).join("../..");
    let target = root.join("target/bench-stoppable");
    let triple = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let status = Command::new("cargo")
        .args([
            "build",
            "--quiet",
            "--profile",
            "lab",
            "-p",
            "lab-14-stoppable",
            "--bins",
            "--target",
            &triple,
        ])
        .arg("--target-dir")
        .arg(&target)
        .env("RUSTFLAGS", "-C target-feature=+crt-static")
        .current_dir(&root)
        .status()?;
    if status.success() {
        Ok(target.join(triple).join("lab"))
    } else {
        Err("cargo cannot build".into())
    }
}

fn median(times: &mut [Duration]) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64()
}

impl Bench {
    fn call(&self, arguments: &[&str]) -> Outcome<String> {
        let output = Command::new(&self.engine)
            .args(arguments)
            .stdin(Stdio::null())
            .output()?;
        match output.status.success() {
            true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
            false => {
                Err(format!("{arguments:?}: {}", String::from_utf8_lossy(&output.stderr)).into())
            }
        }
    }

    /// Waits for a line of the container's.
    fn ready(&self) -> Outcome<()> {
        let mut logs = Command::new(&self.engine)
            .args(["logs", "-f", &self.container])
            .stdout(Stdio::piped())
            .spawn()?;
        let output = logs.stdout.take().ok_or("no output")?;
        let ready = BufReader::new(output)
            .lines()
            .map_while(Result::ok)
            .any(|line| line == "ready");
        logs.kill()?;
        logs.wait()?;
        if ready {
            Ok(())
        } else {
            Err("the container was never ready".into())
        }
    }

    fn by_hand(&self) -> Outcome<Duration> {
        let began = Instant::now();
        for _ in 0..CONTAINERS {
            self.call(&["run", "-d", "--name", &self.container, &self.image])?;
            self.ready()?;
            self.call(&["stop", &self.container])?;
            self.call(&["rm", &self.container])?;
        }
        Ok(began.elapsed())
    }

    fn check(&self, stoppable: &Path) -> Outcome<Duration> {
        let began = Instant::now();
        let mut command = Command::new(stoppable);
        command.args([
            "check",
            &self.image,
            "--no-prove",
            "--format",
            "brief",
            "--ready",
            "ready",
        ]);
        let output = command.env("STOPPABLE_ENGINE", &self.engine).output()?;
        let said = String::from_utf8_lossy(&output.stdout);
        if said == "stoppable\n" {
            Ok(began.elapsed())
        } else {
            Err(format!("not healthy: {said}").into())
        }
    }

    /// Requests per second, without a tracer and with one.
    fn load(&self, stoppable: &Path, flags: &[&str]) -> Outcome<(f64, f64)> {
        let start = [
            "run",
            "-d",
            "--name",
            &self.container,
            "-p",
            "127.0.0.1::3000",
            "--entrypoint",
            "/app",
            &self.image,
        ];
        self.call(&[&start[..], flags, &["--http", "3000"]].concat())?;
        self.ready()?;
        let address = self.call(&["port", &self.container, "3000/tcp"])?;
        let address = address.lines().next().ok_or("no port")?.trim().to_owned();
        let plain = requests(&address)?;
        let mut tracer = Command::new(stoppable)
            .args(["trace", &self.container])
            .env("STOPPABLE_ENGINE", &self.engine)
            .stdout(Stdio::piped())
            .spawn()?;
        let mut events = BufReader::new(tracer.stdout.take().ok_or("no output")?).lines();
        let attached = events
            .by_ref()
            .map_while(Result::ok)
            .any(|line| line.contains("are traced"));
        let traced = requests(&address)?;
        self.call(&["rm", "-f", &self.container])?;
        tracer.wait()?;
        if attached {
            Ok((plain, traced))
        } else {
            Err("the tracer did not start".into())
        }
    }
}

/// Asks on one kept connection, one request after the other.
fn requests(address: &str) -> Outcome<f64> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    let (began, mut count) = (Instant::now(), 0.0);
    let mut answer = [0; 4096];
    while began.elapsed() < LOAD {
        stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")?;
        let mut seen = Vec::new();
        while !seen.ends_with(b"ok\n") {
            let read = stream.read(&mut answer)?;
            if read == 0 {
                return Err("the server hung up".into());
            }
            seen.extend_from_slice(&answer[..read]);
        }
        count += 1.0;
    }
    Ok(count / began.elapsed().as_secs_f64())
}
