//! Which system calls does a signal interrupt? Five signals each, with SA_RESTART and without it.

use std::error::Error;
use std::fs;
use std::io::{self, Read, Write, pipe};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;

use nix::libc::c_int;
use nix::sys::pthread::{pthread_kill, pthread_self};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use nix::unistd::{Pid, gettid};
use rustix::event::{PollFd, PollFlags, epoll, poll};
use rustix::io::{Errno, read};
use rustix::net::accept;

type Measurement = fn() -> Outcome<usize>;
type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

const SIGNALS: usize = 5;
static HANDLED: AtomicUsize = AtomicUsize::new(0);

extern "C" fn handler(_: c_int) {
    HANDLED.fetch_add(1, SeqCst);
}

#[allow(unsafe_code)]
fn install(flags: SaFlags) -> nix::Result<()> {
    let action = SigAction::new(SigHandler::Handler(handler), flags, SigSet::empty());
    // SAFETY: the handler adds to an atomic, and nothing else.
    unsafe { sigaction(Signal::SIGUSR1, &action) }?;
    Ok(())
}

fn main() -> Outcome<()> {
    let calls: [(&str, Measurement); 6] = [
        ("read(2)", read_call),
        ("accept(2)", accept_call),
        ("poll(2)", poll_call),
        ("epoll_wait(2)", epoll_call),
        ("Read::read_exact", std_read_exact),
        ("TcpListener::accept", std_accept),
    ];
    println!("EINTR after {SIGNALS} signals  SA_RESTART  without");
    for (name, measure) in calls {
        install(SaFlags::SA_RESTART)?;
        let restarting = measure()?;
        install(SaFlags::empty())?;
        let without = measure()?;
        println!("{name:21}  {restarting:10}  {without:7}");
    }
    Ok(())
}

// ANCHOR: restart
/// How often a signal interrupts `call`, until `end` makes it succeed.
fn interruptions(
    mut call: impl FnMut() -> Result<(), Errno>,
    end: impl FnOnce() -> io::Result<()> + Send,
) -> Outcome<usize> {
    let (main, main_id) = (pthread_self(), gettid());
    thread::scope(|scope| {
        let helper = scope.spawn(move || {
            for _ in 0..SIGNALS {
                wait_until_asleep(main_id)?;
                let handled = HANDLED.load(SeqCst);
                pthread_kill(main, Signal::SIGUSR1)?;
                while HANDLED.load(SeqCst) == handled {
                    thread::yield_now();
                }
            }
            wait_until_asleep(main_id)?;
            end()
        });
        let mut interruptions = 0;
        loop {
            match call() {
                Ok(()) => break,
                Err(Errno::INTR) => interruptions += 1,
                Err(error) => return Err(error.into()),
            }
        }
        helper.join().expect("it does not panic")?;
        Ok(interruptions)
    })
}
// ANCHOR_END: restart

/// Waits until the thread waits: state S in /proc.
fn wait_until_asleep(thread: Pid) -> io::Result<()> {
    while !fs::read_to_string(format!("/proc/self/task/{thread}/status"))?.contains("State:\tS") {
        thread::yield_now();
    }
    Ok(())
}

fn read_call() -> Outcome<usize> {
    let (reader, mut writer) = pipe()?;
    interruptions(
        || read(&reader, &mut [0]).map(drop),
        move || writer.write_all(b"."),
    )
}

fn accept_call() -> Outcome<usize> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    interruptions(
        || accept(&listener).map(drop),
        move || TcpStream::connect(address).map(drop),
    )
}

fn poll_call() -> Outcome<usize> {
    let (reader, mut writer) = pipe()?;
    interruptions(
        || poll(&mut [PollFd::new(&reader, PollFlags::IN)], None).map(drop),
        move || writer.write_all(b"."),
    )
}

fn epoll_call() -> Outcome<usize> {
    let (reader, mut writer) = pipe()?;
    let set = epoll::create(epoll::CreateFlags::CLOEXEC)?;
    let data = epoll::EventData::new_u64(0);
    epoll::add(&set, &reader, data, epoll::EventFlags::IN)?;
    let mut events = Vec::with_capacity(1);
    interruptions(
        || epoll::wait(&set, rustix::buffer::spare_capacity(&mut events), None).map(drop),
        move || writer.write_all(b"."),
    )
}

fn std_read_exact() -> Outcome<usize> {
    let (mut reader, mut writer) = pipe()?;
    interruptions(
        || reader.read_exact(&mut [0]).map_err(|error| errno(&error)),
        move || writer.write_all(b"."),
    )
}

fn std_accept() -> Outcome<usize> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    interruptions(
        || listener.accept().map(drop).map_err(|error| errno(&error)),
        move || TcpStream::connect(address).map(drop),
    )
}

fn errno(error: &io::Error) -> Errno {
    Errno::from_io_error(error).unwrap_or(Errno::IO)
}
