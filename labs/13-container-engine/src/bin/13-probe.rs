//! A small program for the tests of `pocket`: it does one thing, which its arguments name, and can
//! be PID 1 of an image that holds nothing else.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::ExitCode;
use std::{env, fs};

use nix::sys::signal::{SigHandler, SigSet, Signal, raise, signal};
use nix::unistd::{ForkResult, fork, pause};

#[allow(unsafe_code)]
fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match run(&words) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            let _ = writeln!(io::stderr(), "probe: {error}");
            ExitCode::from(99)
        }
    }
}

#[allow(unsafe_code)]
fn run(words: &[&str]) -> io::Result<u8> {
    let mut out = io::stdout();
    let number = |text: &str| text.parse::<i32>().map_err(io::Error::other);
    match words {
        // exit CODE
        ["exit", code] => Ok(number(code)?.to_le_bytes()[0]),
        // raise NUMBER: sends itself a signal; goes on to exit 9 if that did not end it
        ["raise", signal] => {
            raise(Signal::try_from(number(signal)?)?)?;
            Ok(9)
        }
        // args ...
        ["args", rest @ ..] => writeln!(out, "{rest:?}").map(|()| 0),
        // env NAME...: its variables
        ["env", names @ ..] => {
            for name in names {
                writeln!(out, "{name}={:?}", env::var(name).ok())?;
            }
            Ok(0)
        }
        // signals: what this process ignores, blocks and handles
        ["signals"] => {
            let status = fs::read_to_string("/proc/self/status")?;
            let lines = status.lines().filter(|line| {
                ["SigBlk", "SigIgn", "SigCgt"]
                    .iter()
                    .any(|name| line.starts_with(name))
            });
            lines
                .map(|line| writeln!(out, "{line}"))
                .collect::<io::Result<Vec<_>>>()
                .map(|_| 0)
        }
        // both: one line to stdout, one to stderr
        ["both", first, second] => {
            writeln!(out, "{first}")?;
            writeln!(io::stderr(), "{second}").map(|()| 0)
        }
        // trace PID: becomes its tracer, and no longer is when this ends
        ["trace", pid] => {
            let pid = nix::unistd::Pid::from_raw(number(pid)?);
            nix::sys::ptrace::seize(pid, nix::sys::ptrace::Options::empty())?;
            writeln!(out, "traced").map(|()| 0)
        }
        // wait: ready, then until SIGKILL; pause: without a word
        ["wait" | "pause"] => {
            if words == ["wait"] {
                writeln!(out, "ready")?;
            }
            loop {
                pause();
            }
        }
        // on CODE: every signal that can be waited for is printed; TERM, INT and QUIT end it
        ["on", code] => {
            let set = SigSet::all();
            set.thread_block()?;
            writeln!(out, "ready")?;
            loop {
                let signal = set.wait()?;
                writeln!(out, "got {signal}")?;
                if matches!(signal, Signal::SIGTERM | Signal::SIGINT | Signal::SIGQUIT) {
                    return run(&["exit", code]);
                }
            }
        }
        // ignore NUMBER ...: ignores a signal, then does the rest
        ["ignore", which, rest @ ..] => {
            // SAFETY: ignoring installs no handler.
            unsafe { signal(Signal::try_from(number(which)?)?, SigHandler::SigIgn) }?;
            run(rest)
        }
        // cat: standard input to standard output, then how much it was
        ["cat"] => {
            let count = io::copy(&mut io::stdin(), &mut out)?;
            writeln!(out, "{count} bytes").map(|()| 0)
        }
        // orphans N: leaves N dead grandchildren to PID 1, and counts those that stay dead
        ["orphans", count] => orphans(number(count)?),
        // serve PORT: answers each connection, after its end of input, with what it sent, reversed
        ["serve", port] => {
            let listener = TcpListener::bind(format!("127.0.0.1:{port}"))?;
            writeln!(out, "listening")?;
            for stream in listener.incoming() {
                answer(stream?)?;
            }
            Ok(0)
        }
        // greet PORT: says hello to each connection
        ["greet", port] => {
            let listener = TcpListener::bind(format!("127.0.0.1:{port}"))?;
            writeln!(out, "listening")?;
            for stream in listener.incoming() {
                writeln!(stream?, "hello from PID {}", std::process::id())?;
            }
            Ok(0)
        }
        // break PORT: closes each connection without reading what it sent, so the kernel resets it: tcp(7), RFC 2525
        ["break", port] => {
            let listener = TcpListener::bind(format!("127.0.0.1:{port}"))?;
            writeln!(out, "listening")?;
            for stream in listener.incoming() {
                stream?.peek(&mut [0])?;
            }
            Ok(0)
        }
        // files PATH...: what they hold
        ["files", paths @ ..] => {
            for path in paths {
                let text = fs::read_to_string(path)
                    .map_err(|error| io::Error::other(format!("{path}: {error}")))?;
                write!(out, "{text}")?;
            }
            Ok(0)
        }
        _ => Err(io::Error::other(format!("unknown: {words:?}"))),
    }
}

fn answer(mut stream: TcpStream) -> io::Result<()> {
    let mut text = Vec::new();
    stream.read_to_end(&mut text)?;
    text.reverse();
    stream.write_all(&text)
}

#[allow(unsafe_code)]
fn orphans(count: i32) -> io::Result<u8> {
    // SAFETY: one thread, and the children do nothing but fork and end.
    let middle = match unsafe { fork() }? {
        ForkResult::Child => {
            for _ in 0..count {
                // SAFETY: as above.
                if let ForkResult::Child = unsafe { fork() }? {
                    return Ok(0);
                }
            }
            return Ok(0);
        }
        ForkResult::Parent { child } => child,
    };
    nix::sys::wait::waitpid(middle, None)?;
    // Their parent is PID 1 now. Wait until none of them runs any more, then count the dead.
    loop {
        let others = fs::read_dir("/proc")?.flatten().filter_map(|entry| {
            let pid: i32 = entry.file_name().to_str()?.parse().ok()?;
            let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
            let state = stat.rsplit_once(") ")?.1.chars().next()?;
            (pid != 1 && pid != nix::unistd::getpid().as_raw()).then_some(state)
        });
        let states: Vec<char> = others.collect();
        // With an init they vanish; without one they all become zombies and stay.
        let dead = states.iter().filter(|state| **state == 'Z').count();
        if dead == states.len() && (dead == 0 || nix::unistd::getpid().as_raw() == 1) {
            writeln!(io::stdout(), "{dead} zombies")?;
            return Ok(0);
        }
        std::thread::yield_now();
    }
}
