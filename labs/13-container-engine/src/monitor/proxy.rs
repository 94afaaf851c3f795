//! Published ports. The container's network namespace has no wire to ours: a small process listens
//! here and carries every connection over.

use std::fs::File;
use std::io::{self, Read};
use std::net::{Ipv4Addr, SocketAddrV4, TcpListener, TcpStream};
use std::os::fd::{AsRawFd, OwnedFd};
use std::thread::{self, Scope};
use std::time::Duration;

use nix::fcntl::OFlag;
use nix::libc;
use nix::sys::signal::Signal;
use nix::sys::socket::shutdown;
use nix::unistd::{ForkResult, fork};

use crate::error::StartError;
use crate::monitor::connection::{Connection, reset};
use crate::pid1::namespaces::Namespaces;
use crate::pid1::program::die;
use crate::pidfd::PidFd;
use crate::store::config::Port;

/// A listener in the machine's network, and the port of the container that it stands for.
#[derive(Debug)]
pub(crate) struct Published {
    listener: TcpListener,
    pub(crate) port: Port,
}

/// Listens on every published port, or says which one is taken. `name` and `id` are the container's.
pub(crate) fn listen(ports: &[Port], name: &str, id: &str) -> Result<Vec<Published>, StartError> {
    let open = |port: &Port| {
        let address = SocketAddrV4::new(port.ip, port.host);
        let listener = TcpListener::bind(address).map_err(|error| {
            let why = match error.raw_os_error() {
                Some(libc::EADDRINUSE) => "address already in use".to_owned(),
                _ => crate::error::plain(error),
            };
            StartError::engine(format!(
                "driver failed programming external connectivity on endpoint {name} ({id}): Error starting userland proxy: listen tcp4 {address}: bind: {why}"
            ))
        })?;
        let host = listener
            .local_addr()
            .map_or(port.host, |address| address.port());
        Ok(Published {
            listener,
            port: Port {
                host,
                ..port.clone()
            },
        })
    };
    ports.iter().map(open).collect()
}

/// How long answers that a container has given may take to reach their clients once it has ended.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// The process that carries the connections. It ends when this handle is dropped, or when the
/// process that started it ends.
#[derive(Debug)]
pub(crate) struct Proxy {
    process: PidFd,
    /// Closing it says that the container has ended.
    hangup: Option<OwnedFd>,
}

impl Drop for Proxy {
    /// Accepts no more, hands over what the container has still said, and ends.
    fn drop(&mut self) {
        drop(self.hangup.take());
        if !matches!(self.process.ended_within(Some(LAST_WORDS)), Ok(true)) {
            let _ = self.process.send(libc::SIGKILL);
        }
        let _ = self.process.reap();
    }
}

// ANCHOR: proxy
/// Starts it. The listeners were made in the machine's network and stay
/// there; the process itself moves into the container's, so that what it
/// connects to is the container.
///
/// # Safety
/// The calling process has one thread.
#[allow(unsafe_code)]
pub(crate) unsafe fn start(
    published: &[Published],
    inside: &Namespaces, // the container's
) -> io::Result<Proxy> {
    let monitor = nix::unistd::getpid();
    let (ended, hangup) = nix::unistd::pipe2(OFlag::O_CLOEXEC)?;
    // SAFETY: one thread, says the caller: the child may allocate and
    // start threads of its own.
    match unsafe { fork() }? {
        ForkResult::Parent { child } => Ok(Proxy {
            process: PidFd::open(child.as_raw())?,
            hangup: Some(hangup),
        }),
        ForkResult::Child => {
            let _ = nix::sys::prctl::set_pdeathsig(Signal::SIGKILL);
            // The monitor may have died before that call; then somebody
            // else is our parent by now.
            let alone = nix::unistd::getppid() != monitor;
            if alone || inside.enter_network().is_err() {
                die(1);
            }
            // Entering a user namespace changes credentials, which
            // clears the signal: once more.
            let _ = nix::sys::prctl::set_pdeathsig(Signal::SIGKILL);
            if nix::unistd::getppid() != monitor {
                die(1);
            }
            keep_only(published, &ended);
            serve(published, ended)
        }
    }
}
// ANCHOR_END: proxy

/// Closes what was inherited: above all the lock that says "the monitor watches", and the
/// container's pipes.
#[allow(unsafe_code)]
fn keep_only(published: &[Published], ended: &OwnedFd) {
    let mut kept = vec![ended.as_raw_fd()];
    kept.extend(published.iter().map(|one| one.listener.as_raw_fd()));
    kept.sort_unstable();
    let mut from = 3;
    for fd in kept.into_iter().chain([i32::MAX]) {
        if from < fd {
            // SAFETY: nothing here uses the others any more, and none is closed by a destructor:
            // this process ends by _exit(2) or a signal.
            unsafe { libc::syscall(libc::SYS_close_range, from, fd - 1, 0) };
        }
        from = fd.saturating_add(1);
    }
}

fn serve(published: &[Published], ended: OwnedFd) -> ! {
    thread::scope(|scope| {
        for one in published {
            scope.spawn(move || accept(scope, &one.listener, one.port.container));
        }
        // Nobody writes: this returns when the monitor has closed its end, as the container has ended.
        let _ = File::from(ended).read(&mut [0]);
        for one in published {
            // A listener that is shut down wakes who waits in accept(2), with EINVAL.
            let _ = shutdown(one.listener.as_raw_fd(), nix::sys::socket::Shutdown::Both);
        }
        // The scope ends when every answer has been handed over.
    });
    die(0)
}

fn accept<'scope>(scope: &'scope Scope<'scope, '_>, listener: &TcpListener, port: u16) {
    loop {
        match listener.accept() {
            Ok((client, _)) => {
                let _ = thread::Builder::new().spawn_scoped(scope, move || carry(client, port));
            }
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => return,
            // Out of descriptors for now, or the client went away at once: neither is the end.
            Err(_) => thread::yield_now(),
        }
    }
}

/// One connection, until the container's side of it has ended. What the client still sends goes on in
/// a thread that nobody waits for: a client may keep a connection open for as long as it likes.
fn carry(client: TcpStream, port: u16) {
    let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) else {
        // Nobody listens inside. Say what the kernel would say if there were no proxy.
        reset(&client);
        return;
    };
    let Ok(mut connection) = Connection::new(client, server) else {
        return;
    };
    if connection.carry_answer() {
        let _ = thread::Builder::new().spawn(move || connection.carry_rest());
    }
}
