//! TCP ports that somebody listens on, in the network namespace of PID 1 (proc_pid_net(5)).

/// All of them, IPv4 and IPv6, in order.
pub fn listening(pid: i32) -> Vec<u16> {
    let files = ["tcp", "tcp6"].map(|name| format!("/proc/{pid}/net/{name}"));
    let texts = files
        .iter()
        .filter_map(|file| std::fs::read_to_string(file).ok());
    let mut ports: Vec<u16> = texts.flat_map(|text| parse(&text)).collect();
    ports.sort_unstable();
    ports.dedup();
    ports
}

/// `sl local_address rem_address st ...`; state 0A is LISTEN.
fn parse(text: &str) -> Vec<u16> {
    let port = |line: &str| {
        let mut words = line.split_ascii_whitespace().skip(1);
        let (local, state) = (words.next()?, words.nth(1)?);
        let port = u16::from_str_radix(local.rsplit(':').next()?, 16).ok()?;
        (state == "0A").then_some(port)
    };
    text.lines().skip(1).filter_map(port).collect()
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
}
