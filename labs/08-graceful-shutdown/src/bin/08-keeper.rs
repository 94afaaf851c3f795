//! Holds the listening socket, and replaces the server behind it while clients go on asking.

use std::env;
use std::net::{Ipv4Addr, TcpListener};
use std::os::fd::OwnedFd;
use std::process::{ExitStatus, Stdio};

use anyhow::{Context, Result, ensure};
use nix::sys::signal::{Signal::SIGTERM, kill};
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::select;
use tokio::signal::unix::{SignalKind, signal};

const RESTARTS: usize = 50;

// ANCHOR: main
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    let program = env::args().nth(1).context("usage: keeper PROGRAM")?;

    // From here on clients can connect. Who accepts them does not matter to them.
    let socket = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 3000))?;
    let mut server = start(&program, &socket).await?;
    println!("first server is ready");

    loop {
        select! {
            _ = terminate.recv() => break,
            _ = hangup.recv() => {
                for _ in 0..RESTARTS {
                    let next = start(&program, &socket).await?;
                    let ended = stop(server).await?;
                    ensure!(ended.success(), "the old server: {ended}");
                    server = next;
                }
                println!("{RESTARTS} restarts");
            }
        }
    }
    stop(server).await?;
    Ok(())
}

/// The server inherits a copy of the descriptor, as its standard input. Its first line says that it
/// is ready.
async fn start(program: &str, socket: &TcpListener) -> Result<Child> {
    let mut server = Command::new(program)
        .stdin(OwnedFd::from(socket.try_clone()?))
        .stdout(Stdio::piped())
        .spawn()?;
    let stdout = server.stdout.take().context("no pipe")?;
    let mut lines = BufReader::new(stdout).lines();
    lines.next_line().await?.context("it ended at once")?;
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    Ok(server)
}

async fn stop(mut server: Child) -> Result<ExitStatus> {
    let pid = server.id().context("it has ended already")?;
    kill(Pid::from_raw(pid.try_into()?), SIGTERM)?;
    Ok(server.wait().await?)
}
// ANCHOR_END: main
