//! Interrupted, handled, resumed: a timer's signal breaks into a computation that knows nothing of it,
//! and the result is what it would have been.

use std::io;
use std::sync::atomic::{AtomicI32, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use nix::sys::signal::{SigEvent, SigevNotify, Signal};
use nix::sys::timer::{Expiration, Timer, TimerSetTimeFlags};
use nix::time::ClockId;
use nix::unistd::gettid;

const INTERRUPTIONS: usize = 3;

/// The step that main is at.
static STEP: AtomicU64 = AtomicU64::new(0);

/// What the handler saw: how often it ran, at which steps, and in which thread.
static HANDLED: AtomicUsize = AtomicUsize::new(0);
static STEPS: [AtomicU64; INTERRUPTIONS] = [const { AtomicU64::new(0) }; INTERRUPTIONS];
static THREAD: AtomicI32 = AtomicI32::new(0);

// ANCHOR: handler
fn handler() {
    let nth = HANDLED.load(Relaxed);
    if let Some(step) = STEPS.get(nth) {
        step.store(STEP.load(Relaxed), Relaxed);
        THREAD.store(gettid().as_raw(), Relaxed);
        HANDLED.store(nth + 1, Relaxed);
    }
}
// ANCHOR_END: handler

// ANCHOR: step
/// One step of the computation: each result depends on all the steps before it.
fn next(value: u64) -> u64 {
    value
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407)
}
// ANCHOR_END: step

#[allow(unsafe_code)]
pub(crate) fn run() -> io::Result<()> {
    // SAFETY: the handler only touches atomics and asks for its thread's id.
    unsafe { signal_hook::low_level::register(Signal::SIGALRM as i32, handler) }?;
    let notify = SigevNotify::SigevSignal {
        signal: Signal::SIGALRM,
        si_value: 0,
    };
    let mut timer = Timer::new(ClockId::CLOCK_MONOTONIC, SigEvent::new(notify))?;
    let every = Expiration::Interval(Duration::from_millis(5).into());
    timer.set(every, TimerSetTimeFlags::empty())?;

    // ANCHOR: computation
    let mut value = 0;
    while HANDLED.load(Relaxed) < INTERRUPTIONS {
        value = next(value);
        STEP.fetch_add(1, Relaxed);
    }
    // ANCHOR_END: computation
    drop(timer);

    for step in &STEPS {
        println!("SIGALRM interrupted main in step {}", step.load(Relaxed));
    }
    let undisturbed = (0..STEP.load(Relaxed)).fold(0, |value, _| next(value));
    let same_thread = THREAD.load(Relaxed) == gettid().as_raw();
    println!("the handler ran in main's own thread: {same_thread}");
    println!(
        "same result without interruptions: {}",
        value == undisturbed
    );
    Ok(())
}
