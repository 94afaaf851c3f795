//! TCP in the network namespace of PID 1: ports that somebody listens on, and the connections to them (proc_pid_net(5)).

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// `TCP_ESTABLISHED` and `TCP_LISTEN` of the kernel's include/net/tcp_states.h. Every other state is that of a connection
/// that one of the two ends has closed, or not made yet.
const ESTABLISHED: u8 = 1;
const LISTEN: u8 = 10;

/// A line of the table.
struct Socket {
    local: SocketAddr,
    remote: SocketAddr,
    state: u8,
}

/// All ports that somebody listens on, IPv4 and IPv6, in order.
pub fn listening(pid: i32) -> Vec<u16> {
    ports(&sockets(pid))
}

/// The connections to a container, as far as they have been told.
#[derive(Debug, Default)]
pub struct Connections {
    /// Ports that somebody listens on, or did: a server that drains has closed its listener. A connection from another port
    /// is one that the container has made itself.
    served: BTreeSet<u16>,
    peers: BTreeSet<String>,
}

impl Connections {
    /// Looks again: the other ends of connections that are new, and of those that are gone.
    pub fn look(&mut self, pid: i32) -> (Vec<String>, Vec<String>) {
        let sockets = sockets(pid);
        self.served.extend(ports(&sockets));
        let there = sockets.iter().filter(|socket| {
            socket.state == ESTABLISHED && self.served.contains(&socket.local.port())
        });
        let now: BTreeSet<String> = there.map(|socket| socket.remote.to_string()).collect();
        let before = std::mem::replace(&mut self.peers, now);
        (
            self.peers.difference(&before).cloned().collect(),
            before.difference(&self.peers).cloned().collect(),
        )
    }
}

fn ports(sockets: &[Socket]) -> Vec<u16> {
    let listeners = sockets.iter().filter(|socket| socket.state == LISTEN);
    let mut ports: Vec<u16> = listeners.map(|socket| socket.local.port()).collect();
    ports.sort_unstable();
    ports.dedup();
    ports
}

fn sockets(pid: i32) -> Vec<Socket> {
    let files = ["tcp", "tcp6"].map(|name| format!("/proc/{pid}/net/{name}"));
    let texts = files
        .iter()
        .filter_map(|file| std::fs::read_to_string(file).ok());
    texts.flat_map(|text| parse(&text)).collect()
}

/// `sl local_address rem_address st ...`, all in hexadecimal.
fn parse(text: &str) -> Vec<Socket> {
    let socket = |line: &str| {
        let mut words = line.split_ascii_whitespace().skip(1);
        Some(Socket {
            local: address(words.next()?)?,
            remote: address(words.next()?)?,
            state: u8::from_str_radix(words.next()?, 16).ok()?,
        })
    };
    text.lines().skip(1).filter_map(socket).collect()
}

/// The address as 32-bit numbers in the byte order of the machine, the port as a number.
fn address(text: &str) -> Option<SocketAddr> {
    let (address, port) = text.split_once(':')?;
    let mut bytes = Vec::new();
    for start in (0..address.len()).step_by(8) {
        let word = u32::from_str_radix(address.get(start..start + 8)?, 16).ok()?;
        bytes.extend(word.to_ne_bytes());
    }
    let address = match bytes.len() {
        4 => IpAddr::V4(Ipv4Addr::from(<[u8; 4]>::try_from(bytes).ok()?)),
        16 => IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?)),
        _ => return None,
    };
    Some(SocketAddr::new(
        address.to_canonical(),
        u16::from_str_radix(port, 16).ok()?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    #[test]
    fn a_listener_is_seen_and_goes() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let own = std::process::id().cast_signed();
        assert!(listening(own).contains(&port));
        drop(listener);
        // A child that another test is starting may have a copy of it, between its fork and its exec.
        let end = Instant::now() + Duration::from_secs(10);
        while listening(own).contains(&port) {
            assert!(Instant::now() < end, "it never goes");
        }
    }

    #[test]
    fn a_connection_is_seen_until_it_is_closed_though_the_listener_is_gone() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let own = std::process::id().cast_signed();
        let mut connections = Connections::default();
        connections.look(own);
        let client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let peer = client.local_addr().unwrap().to_string();
        let (server, _) = listener.accept().unwrap();
        let (come, _) = connections.look(own);
        assert!(come.contains(&peer), "{come:?}");
        drop(listener);
        let (_, gone) = connections.look(own);
        assert!(!gone.contains(&peer), "{gone:?}");
        drop(server);
        // A child that another test is starting may have a copy of it, between its fork and its exec.
        let end = Instant::now() + Duration::from_secs(10);
        while !connections.look(own).1.contains(&peer) {
            assert!(Instant::now() < end, "it never goes");
        }
    }

    #[test]
    fn a_table_is_read() {
        let text = "  sl  local_address rem_address   st\n   0: 0100007F:0BB8 0200000A:1092 01 0:0\n   1: \
                    0000000000000000FFFF00000100007F:0BB8 00000000000000000000000001000000:0001 08 0:0\n   2: x\n";
        let sockets = parse(text);
        if cfg!(target_endian = "little") {
            let remote: Vec<String> = sockets
                .iter()
                .map(|socket| socket.remote.to_string())
                .collect();
            assert_eq!(remote, ["10.0.0.2:4242", "[::1]:1"]);
            assert_eq!(sockets[1].local.to_string(), "127.0.0.1:3000");
        }
        assert_eq!(sockets.len(), 2);
    }
}
