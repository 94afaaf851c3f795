//! One at a time: the same lab on the same engine, the same container name, the same published port.
//!
//! A lock is a listening socket in Linux's abstract namespace (unix(7)). The kernel lets one process bind a
//! name and frees it when that process ends, whatever ends it: nothing is ever left behind. A waiter
//! connects and is told by the kernel when the holder's socket goes away.

use std::io::ErrorKind;
use std::os::fd::AsFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};

use anyhow::{Context, Result};

use crate::system::wait::{Until, wait};

/// A set of held locks; dropping it frees them.
#[derive(Debug)]
pub struct Locks {
    _held: Vec<UnixListener>,
}

impl Locks {
    /// Takes all of `keys`, waiting where another run holds one; `waiting` is told for
    /// which, once.
    pub fn acquire(mut keys: Vec<String>, mut waiting: impl FnMut(&str)) -> Result<Locks> {
        // Everyone takes them in the same order, so nobody waits in a circle.
        keys.sort();
        keys.dedup();
        let held = keys
            .iter()
            .map(|key| acquire(key, &mut waiting))
            .collect::<Result<_>>()?;
        Ok(Locks { _held: held })
    }
}

fn acquire(key: &str, waiting: &mut impl FnMut(&str)) -> Result<UnixListener> {
    let address = SocketAddr::from_abstract_name(format!("trapping-signals/{key}"))?;
    loop {
        match UnixListener::bind_addr(&address) {
            Ok(listener) => return Ok(listener),
            Err(error) if error.kind() == ErrorKind::AddrInUse => {}
            Err(error) => {
                return Err(error).with_context(|| format!("cannot take the lock `{key}`"));
            }
        }
        // Refused: it was freed between the two calls. Go and take it.
        let Ok(holder) = UnixStream::connect_addr(&address) else {
            continue;
        };
        waiting(key);
        // Nobody ever accepts or writes: readable means that the holder is gone.
        wait(&[((), holder.as_fd())], Until::interrupt())?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn the_second_waits_for_the_first() {
        let key = || vec![format!("test-{}", std::process::id())];
        let first = Locks::acquire(key(), |_| panic!("nobody holds it")).unwrap();
        let (told, waits) = mpsc::channel();
        let second = std::thread::spawn(move || {
            Locks::acquire(key(), |_| told.send(()).unwrap()).map(|_| ())
        });
        waits.recv().unwrap();
        assert!(!second.is_finished());
        drop(first);
        second.join().unwrap().unwrap();
    }
}
