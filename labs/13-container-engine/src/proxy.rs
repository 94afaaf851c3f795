//! Published ports. The container's network namespace has no wire to ours: a small process listens
//! here and carries every connection over.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddrV4, TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::thread;

use nix::errno::Errno;
use nix::libc;
use nix::sys::signal::Signal;
use nix::unistd::{ForkResult, fork};

use crate::child::die;
use crate::container::Port;
use crate::error::StartError;
use crate::namespace::Namespaces;
use crate::pidfd::PidFd;

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

/// The process that carries the connections. It ends when this handle is dropped, or when the
/// process that started it ends.
#[derive(Debug)]
pub(crate) struct Proxy(PidFd);

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.0.send(libc::SIGKILL);
        let _ = self.0.reap();
    }
}

// ANCHOR: proxy
/// Starts it. The listeners were made in the machine's network and stay there; the process itself
/// moves into the container's, so that what it connects to is the container.
///
/// # Safety
/// The calling process has one thread.
#[allow(unsafe_code)]
pub(crate) unsafe fn start(published: Vec<Published>, inside: &Namespaces) -> io::Result<Proxy> {
    let monitor = nix::unistd::getpid();
    // SAFETY: one thread, says the caller: the child may allocate and start threads of its own.
    match unsafe { fork() }? {
        ForkResult::Parent { child } => Ok(Proxy(PidFd::open(child.as_raw())?)),
        ForkResult::Child => {
            let _ = nix::sys::prctl::set_pdeathsig(Signal::SIGKILL);
            // The monitor may have died before that call; then somebody else is our parent by now.
            let alone = nix::unistd::getppid() != monitor;
            if alone || inside.enter_network().is_err() {
                die(1);
            }
            // Entering a user namespace changes credentials, which clears the signal: once more.
            let _ = nix::sys::prctl::set_pdeathsig(Signal::SIGKILL);
            if nix::unistd::getppid() != monitor {
                die(1);
            }
            keep_only(&published);
            serve(published)
        }
    }
}
// ANCHOR_END: proxy

/// Closes what was inherited: above all the lock that says "the monitor watches", and the
/// container's pipes.
#[allow(unsafe_code)]
fn keep_only(published: &[Published]) {
    let mut kept: Vec<_> = published
        .iter()
        .map(|one| one.listener.as_raw_fd())
        .collect();
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

fn serve(published: Vec<Published>) -> ! {
    let threads: Vec<_> = published
        .into_iter()
        .map(|one| thread::spawn(move || accept(&one.listener, one.port.container)))
        .collect();
    for thread in threads {
        let _ = thread.join();
    }
    die(1)
}

fn accept(listener: &TcpListener, port: u16) {
    loop {
        match listener.accept() {
            Ok((client, _)) => {
                let _ = thread::Builder::new().spawn(move || carry(client, port));
            }
            // Out of descriptors for now, or the client went away at once: neither is the end.
            Err(_) => thread::yield_now(),
        }
    }
}

/// One connection, until both directions have ended.
fn carry(client: TcpStream, port: u16) {
    let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) else {
        // Nobody listens inside. Say what the kernel would say if there were no proxy.
        reset(&client);
        return;
    };
    let _ = client.set_nodelay(true);
    let _ = server.set_nodelay(true);
    let (client, server) = (Arc::new(client), Arc::new(server));
    let (from, to) = (Arc::clone(&client), Arc::clone(&server));
    let there = thread::Builder::new().spawn(move || copy(&from, &to));
    copy(&server, &client);
    if let Ok(there) = there {
        let _ = there.join();
    }
}

/// Copies until the end of the stream, which it hands on: the other direction stays open. A broken
/// connection is handed on as one.
fn copy(mut from: &TcpStream, mut to: &TcpStream) {
    let mut buffer = [0; 16 * 1024];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => {
                let _ = to.shutdown(Shutdown::Write);
                return;
            }
            Ok(count) if to.write_all(&buffer[..count]).is_ok() => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            _ => {
                for stream in [from, to] {
                    reset(stream);
                    let _ = stream.shutdown(Shutdown::Both);
                }
                return;
            }
        }
    }
}

/// Makes closing this socket send a reset instead of a proper end: `SO_LINGER` with 0, `socket(7)`.
fn reset(stream: &TcpStream) {
    let linger = libc::linger {
        l_onoff: 1,
        l_linger: 0,
    };
    let _: Result<(), Errno> =
        nix::sys::socket::setsockopt(stream, nix::sys::socket::sockopt::Linger, &linger);
}
