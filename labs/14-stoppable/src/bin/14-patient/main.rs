//! A program that does with signals whatever an image's Dockerfile asks for: the patients of chapter 14, their healthy
//! twins and their decoys differ in its flags.

mod http;
mod init;
mod signals;
mod workers;

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use lexopt::prelude::*;
use nix::sys::signal::Signal;

/// What the flags ask for.
#[derive(Default)]
struct Wish {
    on: Vec<Signal>,
    ignore: Vec<Signal>,
    block: Vec<Signal>,
    sigwait: Vec<Signal>,
    signalfd: Vec<Signal>,
    late: Duration,
    drain: Duration,
    code: u8,
    forever: bool,
    workers: usize,
    tell: bool,
    wait: bool,
    litter: usize,
    reap: bool,
    http: Option<u16>,
    answer: Duration,
    cut: bool,
    mute: bool,
    again: bool,
    abort: bool,
    lines: usize,
    init: Vec<std::ffi::OsString>,
    group: bool,
}

fn main() -> Result<ExitCode> {
    let wish = parse()?;
    if !wish.init.is_empty() {
        return init::run(&wish.init, wish.group);
    }
    takes(wish.late);
    signals::prepare(&wish)?;
    let mut signals =
        signal_hook::iterator::Signals::new(wish.on.iter().map(|signal| *signal as i32))?;
    let mut workers = workers::start(wish.workers, wish.drain)?;
    workers::litter(wish.litter, wish.reap)?;
    let server = wish
        .http
        .map(|port| http::serve(port, wish.answer))
        .transpose()?;
    say("ready")?;
    if signals::fetched(&wish)?.is_none() {
        // Without a handler nothing ever comes here.
        let came = signals.forever().next();
        if let (true, Some(signal)) = (wish.again, came) {
            signals::again(signal)?;
        }
    }
    if !wish.mute {
        say("got it")?;
    }
    if wish.abort {
        std::process::abort();
    }
    if wish.tell {
        workers::tell(&workers);
    }
    if let (Some(server), false) = (server, wish.cut) {
        server.drain();
    }
    if wish.workers == 0 {
        takes(wish.drain);
    }
    if wish.forever || wish.again {
        signals.forever().for_each(drop);
    }
    if wish.wait {
        workers::wait(&mut workers);
    }
    (0..wish.lines).try_for_each(|line| say(&format!("line {line}")))?;
    if !wish.mute {
        say("drained")?;
    }
    Ok(ExitCode::from(wish.code))
}

/// Work that takes time: there is nothing to wait for.
#[allow(clippy::disallowed_methods)]
fn takes(time: Duration) {
    std::thread::sleep(time);
}

/// A line that is out at once.
fn say(line: &str) -> Result<()> {
    let mut output = std::io::stdout().lock();
    writeln!(output, "{line}")
        .and_then(|()| output.flush())
        .context("cannot print")
}

fn millis(flags: &mut lexopt::Parser) -> Result<Duration> {
    Ok(Duration::from_millis(flags.value()?.parse()?))
}

fn parse() -> Result<Wish> {
    let mut wish = Wish::default();
    let mut flags = lexopt::Parser::from_env();
    while let Some(flag) = flags.next()? {
        match flag {
            Long("late") => wish.late = millis(&mut flags)?,
            Long("drain") => wish.drain = millis(&mut flags)?,
            Long("answer") => wish.answer = millis(&mut flags)?,
            Long("on") => wish.on = signals::parse(&flags.value()?.string()?)?,
            Long("ignore") => wish.ignore = signals::parse(&flags.value()?.string()?)?,
            Long("block") => wish.block = signals::parse(&flags.value()?.string()?)?,
            Long("sigwait") => wish.sigwait = signals::parse(&flags.value()?.string()?)?,
            Long("signalfd") => wish.signalfd = signals::parse(&flags.value()?.string()?)?,
            Long("code") => wish.code = flags.value()?.parse()?,
            Long("workers") => wish.workers = flags.value()?.parse()?,
            Long("litter") => wish.litter = flags.value()?.parse()?,
            Long("lines") => wish.lines = flags.value()?.parse()?,
            Long("http") => wish.http = Some(flags.value()?.parse()?),
            Long("forever") => wish.forever = true,
            Long("tell") => wish.tell = true,
            Long("wait") => wish.wait = true,
            Long("reap") => wish.reap = true,
            Long("again") => wish.again = true,
            Long("abort") => wish.abort = true,
            Long("mute") => wish.mute = true,
            Long("cut") => wish.cut = true,
            Long("group") => wish.group = true,
            Value(program) => {
                wish.init.push(program);
                wish.init.extend(flags.raw_args()?);
            }
            _ => return Err(flag.unexpected().into()),
        }
    }
    Ok(wish)
}
