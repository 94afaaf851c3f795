//! Asks the server `COUNT` times, one request after the other, and counts what it answers.
//!
//! `07-ask COUNT [PID]`: with a PID, that process gets a SIGHUP after each tenth answer.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::net::{Ipv4Addr, TcpStream};

use anyhow::{Context, Result};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let count: u32 = arguments
        .next()
        .context("usage: 07-ask COUNT [PID]")?
        .parse()?;
    let server = arguments
        .next()
        .map(|pid| pid.parse().map(Pid::from_raw))
        .transpose()?;
    let mut answers: BTreeMap<String, u32> = BTreeMap::new();
    for number in 1..=count {
        let answer = ask().unwrap_or_else(|error| format!("lost: {error}"));
        *answers.entry(answer).or_default() += 1;
        if let Some(server) = server
            && number % 10 == 0
        {
            kill(server, Signal::SIGHUP)?;
        }
    }
    for (answer, times) in answers {
        println!("{times} times {answer}");
    }
    Ok(())
}

fn ask() -> io::Result<String> {
    let mut answer = String::new();
    TcpStream::connect((Ipv4Addr::LOCALHOST, 3000))?.read_to_string(&mut answer)?;
    Ok(answer.trim_end().to_owned())
}
