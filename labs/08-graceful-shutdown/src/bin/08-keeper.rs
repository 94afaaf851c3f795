//! Holds the listening socket, and replaces the server behind it while clients go on asking.

use std::env;
use std::net::{Ipv4Addr, TcpListener};
use std::os::fd::OwnedFd;
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use nix::sys::signal::{Signal::SIGTERM, kill};
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
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
    let mut server = Server::start(&program, &socket).await?;
    println!("first server is ready");

    loop {
        select! {
            _ = terminate.recv() => break,
            _ = hangup.recv() => {
                for _ in 0..RESTARTS {
                    server.line().await?; // its first answer: clients are with it
                    let next = Server::start(&program, &socket).await?;
                    server.stop().await?;
                    server = next;
                }
                println!("{RESTARTS} restarts");
            }
        }
    }
    server.stop().await
}

struct Server {
    process: Child,
    output: Lines<BufReader<ChildStdout>>,
}

impl Server {
    /// It inherits a copy of the descriptor as its standard input,
    /// and says when it is ready.
    async fn start(program: &str, socket: &TcpListener) -> Result<Server> {
        let mut process = Command::new(program)
            .stdin(OwnedFd::from(socket.try_clone()?))
            .stdout(Stdio::piped())
            .spawn()?;
        let output = process.stdout.take().context("no pipe")?;
        let output = BufReader::new(output).lines();
        let mut server = Server { process, output };
        server.line().await?;
        Ok(server)
    }

    async fn line(&mut self) -> Result<String> {
        let line = self.output.next_line().await?;
        line.context("the server has ended")
    }

    async fn stop(mut self) -> Result<()> {
        let pid = self.process.id().context("the server has ended")?;
        kill(Pid::from_raw(pid.try_into()?), SIGTERM)?;
        let status = self.process.wait().await?;
        ensure!(status.success(), "the old server: {status}");
        Ok(())
    }
}
// ANCHOR_END: main
