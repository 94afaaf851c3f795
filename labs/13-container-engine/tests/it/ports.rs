//! Published ports.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};

use nix::libc;
use nix::sys::socket::setsockopt;
use nix::sys::socket::sockopt::Linger;

use crate::common::Pocket;

#[test]
fn published_ports_carry_both_directions() {
    Pocket::each_user(|pocket| {
        pocket.ok(&[
            "run",
            "-d",
            "--name",
            "srv",
            "-p",
            "127.0.0.1:0:80",
            "probe",
            "serve",
            "80",
        ]);
        pocket.await_line("srv", "listening");
        let port = pocket.ok(&["port", "srv", "80"]);
        let mut stream = TcpStream::connect(&port).expect("a connection");
        stream.write_all(b"hello").expect("written");
        // The end of our half must get through, and the other half stay open.
        stream.shutdown(Shutdown::Write).expect("shut down");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        assert_eq!(answer, "olleh");
        // The port is taken now.
        let number = port.rsplit(':').next().expect("a port");
        let taken = pocket.run(&[
            "run",
            "--rm",
            "-p",
            &format!("127.0.0.1:{number}:80"),
            "probe",
            "exit",
            "0",
        ]);
        assert_eq!(taken.code, 125);
        assert!(
            taken.err.contains("bind: address already in use"),
            "{taken:?}"
        );
        pocket.ok(&["rm", "-f", "srv"]);
        // And free again.
        let free = TcpListener::bind(&port);
        assert!(free.is_ok(), "{free:?}");
    });
}

#[test]
fn a_port_that_nobody_serves_is_reset() {
    Pocket::each_user(|pocket| {
        pocket.ok(&[
            "run",
            "-d",
            "--name",
            "mute",
            "-p",
            "127.0.0.1:0:80",
            "probe",
            "wait",
        ]);
        let port = pocket.ok(&["port", "mute", "80"]);
        let mut stream = TcpStream::connect(port).expect("a connection");
        let error = stream.read(&mut [0]).expect_err("a reset");
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        pocket.ok(&["rm", "-f", "mute"]);
    });
}

#[test]
fn a_connection_that_breaks_inside_is_broken_outside() {
    Pocket::each_user(|pocket| {
        let port = published(pocket, "break");
        let mut stream = TcpStream::connect(&port).expect("a connection");
        stream.write_all(b"a request").expect("written");
        // Half an answer must not look like a whole one.
        let end = stream.read(&mut [0; 16]).expect_err("a reset").kind();
        assert_eq!(end, ErrorKind::ConnectionReset);
    });
}

#[test]
fn a_connection_that_breaks_outside_is_broken_inside() {
    Pocket::each_user(|pocket| {
        let port = published(pocket, "serve");
        let mut stream = TcpStream::connect(&port).expect("a connection");
        stream.write_all(b"half a request").expect("written");
        let at_once = libc::linger {
            l_onoff: 1,
            l_linger: 0,
        };
        setsockopt(&stream, Linger, &at_once).expect("SO_LINGER");
        drop(stream);
        // The server reads to the end of the request; it ends with what it meets instead.
        assert_eq!(pocket.ok(&["wait", "srv"]), "99");
        let log = pocket.run(&["logs", "srv"]).err;
        assert!(log.contains("Connection reset by peer"), "{log}");
    });
}

/// The address of a server that listens as `srv`.
fn published(pocket: &Pocket, what: &str) -> String {
    let run = "run -d --name srv -p 127.0.0.1:0:80 probe";
    let words: Vec<&str> = run.split(' ').chain([what, "80"]).collect();
    pocket.ok(&words);
    pocket.await_line("srv", "listening");
    pocket.ok(&["port", "srv", "80"])
}
