//! `cargo xtask workshop lead`: a page for the person in front.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use clap::Parser;
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use xtask_lead::room::{Exercise, Room};
use xtask_lead::serve;

/// Lead a workshop: a page that shows who is where, and who is stuck.
#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask workshop lead",
    bin_name = "cargo xtask workshop lead",
    after_help = "Learners join with `cargo xtask workshop --join URL --code CODE --name NAME`; what they send is which \
                  exercise was graded and how it came out, never a file. All is kept in .workshop/room.sqlite: start \
                  again, and everybody is there. Delete that file for a new room."
)]
struct Cli {
    /// Where to listen. On the loopback interface only this machine can join: 0.0.0.0:8300 is for everybody on its networks
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8300")]
    listen: SocketAddr,
    /// Where the room is kept [default: .workshop/room.sqlite of the checkout]
    #[arg(long, value_name = "FILE")]
    room: Option<PathBuf>,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start")
        .and_then(|runtime| runtime.block_on(run(&cli)))
    {
        Ok(status) => ExitCode::from(status),
        Err(error) => {
            // Where nobody reads, the status says it.
            let _ = writeln!(std::io::stderr(), "error: {error:#}");
            ExitCode::from(2)
        }
    }
}

async fn run(cli: &Cli) -> Result<u8> {
    let told = |name: &str| {
        let value = std::env::var_os(name).map(PathBuf::from);
        value.with_context(|| {
            format!("{name} is not set: start this as `cargo xtask workshop lead`")
        })
    };
    let (runner, root) = (
        told("TRAPPING_SIGNALS_XTASK")?,
        told("TRAPPING_SIGNALS_CHECKOUT")?,
    );
    let file = cli
        .room
        .clone()
        .unwrap_or_else(|| root.join(".workshop/room.sqlite"));
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let room = Arc::new(Room::open(&file, exercises(&runner)?)?);
    let listener = TcpListener::bind(cli.listen).await.with_context(|| {
        format!(
            "cannot listen on {}; --listen takes another port",
            cli.listen
        )
    })?;
    tell(&room, listener.local_addr()?)?;
    let stop = async {
        tokio::select! {
            _ = interrupt.recv() => 130,
            _ = terminate.recv() => 143,
        }
    };
    serve::serve(listener, room, stop).await
}

/// What the leader opens, and what the leader says.
fn tell(room: &Room, address: SocketAddr) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let own = SocketAddr::new([127, 0, 0, 1].into(), address.port());
    writeln!(out, "Your page:  http://{own}/?key={}", room.key())?;
    if address.ip().is_loopback() {
        let join = format!("--join http://{address} --code {} --name NAME", room.code());
        writeln!(out, "Learners:   cargo xtask workshop {join}")?;
        writeln!(
            out,
            "Only this machine can join. For a room: --listen 0.0.0.0:{}",
            address.port()
        )?;
        return Ok(());
    }
    let mut addresses = vec![address.ip()];
    if address.ip().is_unspecified() {
        addresses = addresses_here()?;
    }
    for ip in addresses {
        let reached = SocketAddr::new(ip, address.port());
        let join = format!("--join http://{reached} --code {} --name NAME", room.code());
        writeln!(out, "Learners:   cargo xtask workshop {join}")?;
    }
    writeln!(
        out,
        "What they send is not encrypted: use a network that you trust."
    )?;
    Ok(())
}

/// The IPv4 addresses by which others may reach this machine.
fn addresses_here() -> Result<Vec<std::net::IpAddr>> {
    let all = nix::ifaddrs::getifaddrs().context("cannot list the network interfaces")?;
    let ips = all.filter_map(|interface| Some(interface.address?.as_sockaddr_in()?.ip()));
    Ok(ips.filter(|ip| !ip.is_loopback()).map(Into::into).collect())
}

/// The course's exercises, as the runner lists them.
fn exercises(runner: &PathBuf) -> Result<Vec<Exercise>> {
    #[derive(Deserialize)]
    struct Listed {
        lab: String,
        title: String,
    }
    let output = Command::new(runner)
        .args(["lab", "--format", "json"])
        .output()
        .context("cannot start the runner")?;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr).trim_end());
    }
    let listed: Vec<Listed> =
        serde_json::from_slice(&output.stdout).context("the runner's list of the labs is none")?;
    let exercise = |Listed { lab, title }| Exercise { slug: lab, title };
    Ok(listed.into_iter().map(exercise).collect())
}
