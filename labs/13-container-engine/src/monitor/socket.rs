//! Where the clients of a running container find its monitor. The socket's name lives in the abstract namespace: no
//! file, so nothing to clean up, and no limit of 107 bytes for a path: `unix(7)`.

use std::io;
use std::net::Shutdown;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};

use crate::monitor::channel::{Decoder, FromClient, FromMonitor, Wants, send};
use crate::monitor::viewer::is_ours;
use crate::store::config::Config;
use crate::store::container::Container;

fn address(config: &Config) -> io::Result<SocketAddr> {
    SocketAddr::from_abstract_name(format!("pocket-{}", config.id))
}

/// The monitor's end.
pub(crate) fn listen(config: &Config) -> io::Result<UnixListener> {
    let listener = UnixListener::bind_addr(&address(config)?)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

fn connect(container: &Container) -> io::Result<UnixStream> {
    let socket = UnixStream::connect_addr(&address(&container.config)?)?;
    // An abstract name has no permissions: anyone may have taken it.
    if is_ours(&socket) {
        Ok(socket)
    } else {
        Err(io::ErrorKind::PermissionDenied.into())
    }
}

/// A new client's socket to the monitor of a running container.
pub(crate) fn attach(container: &Container, wants: Wants) -> io::Result<UnixStream> {
    let socket = connect(container)?;
    send(&socket, &FromClient::Hello(wants))?;
    Ok(socket)
}

/// Wakes a monitor that waits to restart its container: it looks whether it still should.
pub(crate) fn wake(container: &Container) {
    if let Ok(socket) = connect(container) {
        let _ = socket.shutdown(Shutdown::Both);
    }
}

/// Waits for the next end of a container's PID 1, whatever the restart policy does then, and returns the exit code.
/// The end of one that does not run was the last one. `None` if the container was removed before that.
pub(crate) fn wait_for_end(container: &Container) -> io::Result<Option<u8>> {
    let last = container.end()?;
    if let Ok(socket) = connect(container) {
        let mut decoder = Decoder::<FromMonitor>::default();
        // An error, or the end of the stream, is the monitor's own end. Then all is written down.
        while let Ok(Some(message)) = decoder.wait(&socket) {
            if let FromMonitor::Exit(code) = message {
                return Ok(Some(code));
            }
        }
    }
    container.await_end(last)
}
