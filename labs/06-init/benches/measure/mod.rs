//! The four measurements. Each returns a figure for every init, in the order given.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use lab_06_init::orphans::Orphans;
use lab_06_init::processes::{self, descendants};
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::sys::prctl;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, getppid};

/// One of those compared.
pub struct Init {
    pub name: &'static str,
    /// `None`: the command alone.
    pub path: Option<PathBuf>,
    /// What stands between it and the command.
    pub words: &'static [&'static str],
}

impl Init {
    /// This init with a command. It is a subreaper, whether it has an option for that or not: the
    /// attribute survives exec. So it adopts orphans as PID 1 does, and needs no container.
    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(self.path.as_deref().unwrap_or(program));
        if self.path.is_some() {
            command.args(self.words).arg(program);
        }
        // SAFETY: one system call, and no memory.
        #[allow(unsafe_code)]
        unsafe {
            command.pre_exec(|| Ok(prctl::set_child_subreaper(true)?));
        }
        command
    }
}

/// A program that has printed its first line, and what comes next.
struct Running {
    child: Child,
    output: BufReader<ChildStdout>,
}

impl Running {
    fn start(mut command: Command) -> Running {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("starts");
        let output = BufReader::new(child.stdout.take().expect("piped"));
        let mut running = Running { child, output };
        running.line();
        running
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().cast_signed())
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("UTF-8");
        line
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        for process in descendants(self.pid()) {
            let _ = kill(process.pid, Signal::SIGKILL);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Resident and private memory, in kB, of an init that has started its command and waits.
pub fn memory(inits: &[Init], probe: &Path, rounds: usize) -> [Vec<f64>; 2] {
    let mut samples = [Samples::new(inits), Samples::new(inits)];
    for (index, init) in in_turn(inits, rounds) {
        let running = Running::start(init.command(probe));
        #[expect(
            clippy::disallowed_methods,
            reason = "ours gives back a second after its start"
        )]
        thread::sleep(Duration::from_millis(1500));
        let status = fs::read_to_string(format!("/proc/{}/status", running.pid()));
        for (samples, name) in samples.iter_mut().zip(["VmRSS:", "RssAnon:"]) {
            let lines = status.as_deref().expect("it runs").lines();
            let field = lines
                .filter_map(|line| line.strip_prefix(name))
                .next()
                .expect("a field");
            samples.add(index, number(field.trim_end_matches("kB")));
        }
    }
    samples.map(Samples::figures)
}

/// From the start of an init to its end, with a command that does nothing, in microseconds.
pub fn start(inits: &[Init], rounds: usize) -> Vec<f64> {
    let mut samples = Samples::new(inits);
    for (index, init) in in_turn(inits, rounds) {
        let mut command = init.command(Path::new("/bin/true"));
        let start = Instant::now();
        assert!(command.status().expect("starts").success());
        samples.add(index, start.elapsed().as_secs_f64() * 1e6);
    }
    samples.figures()
}

/// From kill(2) to the line that the command prints, in microseconds.
pub fn delivery(inits: &[Init], probe: &Path, rounds: usize) -> Vec<f64> {
    // All on one CPU: whether the kernel wakes a process on this one or on another that sleeps makes
    // more of a difference than all that an init does.
    let everywhere = sched_getaffinity(Pid::this()).expect("the CPUs");
    let mut one = CpuSet::new();
    let first = (0..CpuSet::count()).find(|&cpu| everywhere.is_set(cpu) == Ok(true));
    one.set(first.expect("a CPU")).expect("a number");
    sched_setaffinity(Pid::this(), &one).expect("ours");
    let figures = delivery_here(inits, probe, rounds);
    sched_setaffinity(Pid::this(), &everywhere).expect("ours");
    figures
}

fn delivery_here(inits: &[Init], probe: &Path, rounds: usize) -> Vec<f64> {
    let start = |init: &Init| Running::start(init.command(probe));
    let mut running: Vec<Running> = inits.iter().map(start).collect();
    let mut samples = Samples::new(inits);
    for (index, _) in in_turn(inits, rounds) {
        let start = Instant::now();
        kill(running[index].pid(), Signal::SIGUSR1).expect("it runs");
        running[index].line();
        samples.add(index, start.elapsed().as_secs_f64() * 1e6);
    }
    samples.figures()
}

/// From the end of so many orphans until all are reaped, in milliseconds.
pub fn reaping(inits: &[Init], count: usize, rounds: usize) -> Vec<f64> {
    let myself = env::current_exe().expect("a path");
    let mut samples = Samples::new(inits);
    for (index, init) in in_turn(inits, rounds) {
        let mut command = init.command(&myself);
        let output = command
            .args(["reap", &count.to_string()])
            .output()
            .expect("starts");
        assert!(output.status.success(), "{}", init.name);
        samples.add(
            index,
            number(&String::from_utf8(output.stdout).expect("UTF-8")),
        );
    }
    samples.figures()
}

/// The command of `reaping`: below the init, it makes the orphans, lets them end, and looks on.
pub fn reap_inside(count: usize) {
    let Some(orphans) = Orphans::make(count).expect("that many processes") else {
        return;
    };
    let init = getppid();
    assert_eq!(
        orphans.parent().map(|it| it.pid),
        Some(init),
        "the init adopts them"
    );
    // A number may be given out again, to a process that is not the init's.
    let is_there = |pid: Pid| processes::find(pid.as_raw()).is_some_and(|it| it.parent == init);
    let start = Instant::now();
    for pid in orphans.release() {
        while kill(pid, None).is_ok() && is_there(pid) {
            thread::yield_now();
        }
    }
    println!("{}", start.elapsed().as_secs_f64() * 1e3);
}

fn number(text: &str) -> f64 {
    text.trim().parse().expect("a number")
}

/// Every init once a round, each round beginning with another one.
fn in_turn(inits: &[Init], rounds: usize) -> impl Iterator<Item = (usize, &Init)> {
    (0..rounds).flat_map(move |round| {
        let all = inits.iter().enumerate();
        all.cycle().skip(round % inits.len()).take(inits.len())
    })
}

/// The samples of every init.
struct Samples(Vec<Vec<f64>>);

impl Samples {
    fn new(inits: &[Init]) -> Self {
        Self(vec![Vec::new(); inits.len()])
    }

    fn add(&mut self, index: usize, figure: f64) {
        self.0[index].push(figure);
    }

    /// The lower quartiles: what else the machine does makes a figure greater, never smaller.
    fn figures(mut self) -> Vec<f64> {
        let quartile = |list: &mut Vec<f64>| {
            list.sort_by(f64::total_cmp);
            list[list.len() / 4]
        };
        self.0.iter_mut().map(quartile).collect()
    }
}
