//! The names of what we make in an engine, which say whose it is.

/// What every name of ours begins with.
const PREFIX: &str = "stoppable-";

/// Who we are, so that another run can tell whether we live: our pid and when we began.
pub fn run() -> String {
    let pid = std::process::id();
    format!("{pid}-{}", began(pid).unwrap_or(0))
}

/// A name for a container or an image of this run: who we are, and what it is for.
pub fn name(purpose: &str) -> String {
    static NEXT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(1);
    let number = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    format!("{PREFIX}{}-{purpose}{number}", run())
}

/// When a process began, in clock ticks since the machine's start: with the pid it names a process for good
/// (proc_pid_stat(5), field 22).
fn began(pid: u32) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    text.rsplit_once(')')?
        .1
        .split_ascii_whitespace()
        .nth(19)?
        .parse()
        .ok()
}

/// Is it the name of something of ours whose maker does not live?
pub fn abandoned(name: &str) -> bool {
    let rest = name.strip_prefix(PREFIX);
    let run = rest.and_then(|rest| rest.match_indices('-').nth(1).map(|(at, _)| &rest[..at]));
    run.is_some_and(dead)
}

/// Has that [`run`] ended?
pub fn dead(run: &str) -> bool {
    let Some((pid, start)) = run.split_once('-') else {
        return false;
    };
    match (pid.parse(), start.parse()) {
        (Ok(pid), Ok(start)) => began(pid) != Some(start),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_whether_its_maker_lives() {
        assert!(!abandoned(&name("x")));
        let pid = std::process::id();
        assert!(
            abandoned(&format!("{PREFIX}{pid}-1-x1")),
            "another process had our pid before"
        );
        assert!(
            abandoned(&format!("{PREFIX}4194305-1-x1")),
            "no pid is so high"
        );
        for stranger in [
            "web",
            "stoppable",
            "stoppable-web",
            "stoppable-1",
            "stoppable-a-1-x",
        ] {
            assert!(!abandoned(stranger), "{stranger}");
        }
    }
}
