//! `09-type [TEXT KEYS]... -- COMMAND...` runs the command at a terminal of its own. When a line
//! with the next TEXT shows up on it, the KEYS are typed. What the command prints is printed, and
//! its exit status is handed on.
//!
//! KEYS are as terminals print them: `^C` is Ctrl-C, `^M` the Enter key. The empty TEXT is there
//! from the start. The word `hangup` instead of KEYS takes the terminal away, as closing its
//! window does.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitCode};
use std::{env, iter};

use anyhow::{Context, Result, bail};
use nix::fcntl::OFlag;
use nix::pty::{grantpt, posix_openpt, ptsname_r, unlockpt};
use nix::sys::termios::{LocalFlags, SetArg, tcgetattr, tcsetattr};

fn main() -> Result<ExitCode> {
    let mut args = env::args().skip(1);
    let script: Vec<_> = args.by_ref().take_while(|arg| arg != "--").collect();
    let (pairs, []) = script.as_chunks() else {
        bail!("a TEXT without KEYS");
    };
    let (terminal, mut child) = start(args)?;
    if play(terminal, pairs)? == Played::HungUp {
        return Ok(ExitCode::SUCCESS); // what becomes of the command is its own affair now
    }
    let status = child.wait()?;
    let code = status.code().or(status.signal().map(|signal| 128 + signal));
    Ok(ExitCode::from(u8::try_from(code.context("no status")?)?))
}

// ANCHOR: start
/// Runs the command as the leader of a new session, at a new terminal.
/// We keep the other end: what is written there was typed, and what can
/// be read there was printed.
fn start(command: impl Iterator<Item = String>) -> Result<(File, Child)> {
    // O_CLOEXEC: the terminal is gone when we close this end,
    // so nobody else may have it.
    let ours = posix_openpt(OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC)?;
    grantpt(&ours)?;
    unlockpt(&ours)?;
    let theirs = OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(OFlag::O_NOCTTY.bits())
        .open(ptsname_r(&ours)?)?;

    // No echo: the transcript shows what programs print, not what is typed.
    let mut settings = tcgetattr(&theirs)?;
    settings.local_flags.remove(LocalFlags::ECHO);
    // A ^C throws away what is printed meanwhile (termios(3)): after the signal,
    // so the answer to it, too.
    settings.local_flags.insert(LocalFlags::NOFLSH);
    tcsetattr(&theirs, SetArg::TCSANOW, &settings)?;

    let child = Command::new("setsid")
        .arg("--ctty") // standard input becomes the terminal of the session
        .args(command)
        .stdin(theirs.try_clone()?)
        .stdout(theirs.try_clone()?)
        .stderr(theirs)
        .spawn()
        .context("setsid")?;
    Ok((File::from(OwnedFd::from(ours)), child))
}
// ANCHOR_END: start

#[derive(PartialEq)]
enum Played {
    ToTheEnd,
    HungUp,
}

/// Prints what comes and types what is to be typed, until nobody has the terminal open.
fn play(mut terminal: File, pairs: &[[String; 2]]) -> Result<Played> {
    let mut pairs = pairs.iter();
    let mut next = pairs.next();
    let mut seen = Vec::new();
    loop {
        while let Some([text, keys]) = next {
            let Some(end) = find(&seen, text.as_bytes()) else {
                break;
            };
            seen.drain(..end);
            if keys == "hangup" {
                return Ok(Played::HungUp);
            }
            terminal.write_all(&typed(keys))?;
            next = pairs.next();
        }
        let mut buffer = [0; 4096];
        let count = match terminal.read(&mut buffer) {
            Ok(0) | Err(_) => break, // EIO: the last one has closed it
            Ok(count) => count,
        };
        // Terminals end a line with CR LF.
        let printed: Vec<_> = buffer[..count]
            .iter()
            .copied()
            .filter(|&b| b != b'\r')
            .collect();
        io::stdout().write_all(&printed)?;
        io::stdout().flush()?;
        seen.extend(printed);
    }
    match next {
        Some([text, _]) => bail!("the command ended and did not print {text:?}"),
        None => Ok(Played::ToTheEnd),
    }
}

/// Where the first line that holds `text` ends.
fn find(seen: &[u8], text: &[u8]) -> Option<usize> {
    let found = (0..=seen.len()).find(|&start| seen[start..].starts_with(text))?;
    if text.is_empty() {
        return Some(0);
    }
    let rest = seen[found..].iter().position(|&byte| byte == b'\n')?;
    Some(found + rest + 1)
}

/// `^C` is byte 3: the control key takes everything above the lower five bits away.
fn typed(keys: &str) -> Vec<u8> {
    let mut bytes = keys.bytes();
    iter::from_fn(|| match bytes.next()? {
        b'^' => bytes.next().map(|key| key & 0x1f),
        key => Some(key),
    })
    .collect()
}
