//! How a reader's command gets into the session's bash and its result out, so that the commands see none of it.
//!
//! bash reads each command from a pipe and answers on another. It opens them by name, /proc/PID/fd of the runner
//! (proc(5)), and holds neither while a command runs: every descriptor above 2 is the reader's. What bash itself keeps
//! of the last command (`$?`, PIPESTATUS, `$_`, `set -x`) comes with the answer and is put back before the next one.

use std::os::fd::{AsRawFd, BorrowedFd};

use anyhow::{Context, Result};

/// What ends an answer. No part of one has a NUL in it.
const END: &[u8] = b"\0end\0";

/// What bash runs. `set -m` gives jobs process groups of their own, as at a prompt (and so their SIGINT is not
/// ignored, POSIX 2.11). `builtin`: a reader's function may be named as we please. What stands in braces is not shown
/// by the reader's `set -x`.
pub fn script(commands: BorrowedFd<'_>, answers: BorrowedFd<'_>) -> String {
    let name = |fd: BorrowedFd<'_>| format!("/proc/{}/fd/{}", std::process::id(), fd.as_raw_fd());
    let (commands, answers) = (name(commands), name(answers));
    // On one line: bash counts a command's lines from the line of its `eval`, so that messages say `line 1`.
    format!(
        "unset -v BASH_EXECUTION_STRING; set -m; builtin printf '\\0end\\0' >{answers}; \
         while {{ IFS= builtin read -r -d '' __command <{commands}; }} 2>/dev/null; do \
         builtin eval \"$__command\"; \
         {{ builtin printf '%s\\0' \"$?\" \"${{__answer[@]}}\" end >{answers}; unset -v __answer; }} >/dev/null 2>&1; \
         done"
    )
}

/// What bash says when a command has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// `$?`.
    pub status: i32,
    /// The rest; none after a syntax error.
    state: Option<State>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct State {
    /// `$-`.
    flags: String,
    /// `$_`.
    last: String,
    /// PIPESTATUS.
    pipe: Vec<i32>,
}

/// Whether these bytes are a whole answer.
pub fn is_whole(bytes: &[u8]) -> bool {
    bytes.ends_with(END)
}

impl Answer {
    /// Reads what [`command`] makes bash say.
    pub fn parse(bytes: &[u8]) -> Result<Answer> {
        let text = String::from_utf8_lossy(bytes);
        let parse = || {
            let mut words = text.strip_suffix("\0end\0")?.split('\0');
            let failed = words.next()?.parse().ok()?;
            let Some(flags) = words.next() else {
                let (status, state) = (failed, None);
                return Some(Answer { status, state });
            };
            let last = words.next()?.to_owned();
            let status = words.next()?.parse().ok()?;
            let pipe = words.map(|word| word.parse().ok()).collect::<Option<_>>()?;
            let state = State {
                flags: flags.to_owned(),
                last,
                pipe,
            };
            Some(Answer {
                status,
                state: Some(state),
            })
        };
        parse().with_context(|| format!("bash said {text:?} where its exit status should be"))
    }

    /// Commands that bring back what bash knew when it gave this answer.
    fn restore(&self) -> String {
        let mut text = String::new();
        let mut pipe = vec![self.status];
        if let Some(state) = &self.state {
            text.push_str(&format!("; : '{}'", state.last.replace('\'', r"'\''")));
            if state.flags.contains('x') {
                text.push_str("; set -x");
            }
            // `! false` has 0 and a PIPESTATUS of 1: no pipeline says both, and $? is what is looked at.
            let failed = state.pipe.iter().rev().find(|status| **status != 0);
            if state.pipe.last() == Some(&self.status) || failed == Some(&self.status) {
                pipe.clone_from(&state.pipe);
            }
        }
        let pipe: Vec<String> = pipe.iter().map(|n| format!("(exit {n})")).collect();
        if self.status != 0 || pipe.len() > 1 {
            text.push_str(&format!("; {}", pipe.join(" | ")));
        }
        // In front of `&&` a failure is none that `set -e` or an ERR trap acts on.
        if self.status != 0 {
            text.push_str(" && :");
        }
        text
    }
}

/// What to send for a reader's command, after this answer to the one before.
pub fn command(command: &str, before: Option<&Answer>) -> String {
    let restore = before.map_or("; : \"$BASH\"".to_owned(), Answer::restore);
    // On the reader's first line, so that $LINENO and messages count right.
    format!(
        "{{ unset -v __command{restore}; }} >/dev/null 2>&1; {command}\n\
         {{ __answer=(\"$-\" \"$_\" \"$?\" \"${{PIPESTATUS[@]}}\"); set +x; }} >/dev/null 2>&1\0"
    )
}
