//! Shell text, as far as it takes to let the shell become the program that it starts.
//!
//! Text proves nothing: every change that is made here is tried before it is shown.

use crate::trace::process::Process;

/// What ends one command and begins the next.
const BETWEEN: [&str; 6] = ["&&", "||", ";", "|", "&", "\n"];

/// `text` with `exec` before the command that became `worker`, and without what follows it; `None` where the text is
/// not plain enough, or says so already.
pub fn execute(text: &str, worker: &Process) -> Option<String> {
    let mut at = 0;
    loop {
        let (length, separator) = next(&text[at..])?;
        let command = &text[at..at + length];
        if starts(command, worker) {
            let space = command.len() - command.trim_start().len();
            let command = command.trim();
            let word = first(command)?;
            if command[word..].starts_with("exec ") {
                return None;
            }
            let before = &text[..at + space];
            return Some(format!(
                "{before}{}exec {}",
                &command[..word],
                &command[word..]
            ));
        }
        if separator == 0 {
            return None;
        }
        at += length + separator;
    }
}

/// How long the first command of a text is, and what ends it; `None` for a quote that does not end.
fn next(text: &str) -> Option<(usize, usize)> {
    let mut quote = None;
    for (at, character) in text.char_indices() {
        match (quote, character) {
            (None, '\'' | '"') => quote = Some(character),
            (Some(open), _) if open == character => quote = None,
            (None, _) => {
                // `>&` and `2>&1` are redirections.
                let redirection = character == '&' && text[..at].ends_with('>');
                if let Some(found) = BETWEEN
                    .iter()
                    .find(|between| text[at..].starts_with(**between) && !redirection)
                {
                    return Some((at, found.len()));
                }
            }
            _ => {}
        }
    }
    quote.is_none().then_some((text.len(), 0))
}

/// Where the command's first word begins, after assignments.
fn first(command: &str) -> Option<usize> {
    let mut at = 0;
    for word in command.split_inclusive(' ') {
        let name = word.split('=').next().unwrap_or_default();
        let assignment =
            word.contains('=') && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !assignment && !word.trim().is_empty() {
            return Some(at);
        }
        at += word.len();
    }
    None
}

/// Did this command become that process?
fn starts(command: &str, worker: &Process) -> bool {
    let command = command.trim();
    let Some(at) = first(command) else {
        return false;
    };
    let word = command[at..]
        .split_ascii_whitespace()
        .next()
        .unwrap_or_default()
        .trim_matches(['"', '\'']);
    let base = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    let known = [
        worker.program.clone(),
        worker.name.clone(),
        base(worker.command.first().map_or("", |word| word)),
    ];
    word == "$@" || word == "$*" || known.contains(&base(word))
}

/// A script with `exec` before its last command, if that is what became `worker`.
pub fn execute_last(script: &str, worker: &Process) -> Option<String> {
    let lines: Vec<&str> = script.lines().collect();
    let blank = |line: &&str| line.trim().is_empty() || line.trim().starts_with('#');
    let last = lines.iter().rposition(|line| !blank(line))?;
    // What follows it in the script would not run any more, so it must be the last.
    let command = lines[last];
    if !starts(command, worker) || command.contains(['|', ';', '&']) {
        return None;
    }
    let indent = command.len() - command.trim_start().len();
    let word = indent + first(command.trim_start())?;
    if command[word..].starts_with("exec ") {
        return None;
    }
    let changed = format!("{}exec {}", &command[..word], &command[word..]);
    let mut new: Vec<&str> = lines.clone();
    new[last] = &changed;
    Some(new.join("\n") + "\n")
}

/// The words of a command without anything that only a shell understands; `None` if there is.
pub fn plain(text: &str) -> Option<Vec<String>> {
    let text = text.trim().strip_prefix("exec ").unwrap_or(text.trim());
    let special = |c: char| "$`\"'\\*?[]{}()<>|&;~#\n".contains(c);
    if text.is_empty() || text.contains(special) || first(text) != Some(0) {
        return None;
    }
    Some(text.split_ascii_whitespace().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app() -> Process {
        let child = std::process::id().cast_signed();
        let mut process = crate::trace::process::read(child).unwrap();
        process.command = vec!["/app".into(), "80".into()];
        (process.name, process.program) = ("app".into(), "app".into());
        process
    }

    #[test]
    fn the_shell_becomes_the_app() {
        for (text, mended) in [
            ("/app; true", "exec /app"),
            ("/app | tee /log", "exec /app"),
            ("cd /data && /app 80", "cd /data && exec /app 80"),
            (
                "cd /data; VAR=1 /app > /log 2>&1; echo bye",
                "cd /data; VAR=1 exec /app > /log 2>&1",
            ),
            ("echo 'a; b' && \"/app\"", "echo 'a; b' && exec \"/app\""),
        ] {
            assert_eq!(execute(text, &app()).as_deref(), Some(mended), "{text}");
        }
        for text in ["exec /app", "other; true", "/app 'open", ""] {
            assert_eq!(execute(text, &app()), None, "{text}");
        }
    }

    #[test]
    fn a_script_becomes_its_last_command() {
        let script = "#!/bin/sh\nset -e\necho start\n\"$@\"\n";
        assert_eq!(
            execute_last(script, &app()).unwrap(),
            "#!/bin/sh\nset -e\necho start\nexec \"$@\"\n"
        );
        assert_eq!(
            execute_last("#!/bin/sh\n/app\necho bye\n", &app()),
            None,
            "something follows"
        );
        assert_eq!(execute_last("#!/bin/sh\nexec /app\n", &app()), None);
        assert_eq!(execute_last("#!/bin/sh\n/app | tee x\n", &app()), None);
    }

    #[test]
    fn only_plain_words_need_no_shell() {
        assert_eq!(
            plain("exec /app 80"),
            Some(vec!["/app".to_owned(), "80".to_owned()])
        );
        for text in ["/app $PORT", "A=1 /app", "/app > x", "'/a b'", ""] {
            assert_eq!(plain(text), None, "{text}");
        }
    }
}
