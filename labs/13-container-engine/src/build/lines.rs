//! From the text of a Dockerfile to its instructions: parser directives, comments, continued lines, flags.
//! The rules are those of <https://docs.docker.com/reference/dockerfile/#format>; where that page is silent,
//! those of the parser (github.com/moby/buildkit, frontend/dockerfile/parser).

/// An instruction, its lines joined.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Instruction {
    /// Where it begins, from 1.
    pub(crate) line: usize,
    /// In capitals.
    pub(crate) keyword: String,
    /// `--chown=1`: name and value.
    pub(crate) flags: Vec<(String, Option<String>)>,
    /// What follows, without blanks around it.
    pub(crate) rest: String,
    /// All of it.
    pub(crate) text: String,
}

/// The instructions, and the sign that escapes.
#[derive(Debug)]
pub(crate) struct Lines {
    pub(crate) instructions: Vec<Instruction>,
    pub(crate) escape: char,
}

/// A parser directive that cannot be, with its line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum BadDirective {
    Escape(usize, String),
    Twice(usize, String),
}

/// Reads a Dockerfile.
pub(crate) fn read(text: &str) -> Result<Lines, BadDirective> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let escape = directives(text)?;
    let mut instructions = Vec::new();
    // `lines` takes the carriage return of "\r\n" away.
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let line = line.trim_start();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (first, mut goes_on) = continued(line, escape);
        let mut joined = first.to_owned();
        while goes_on && let Some((_, line)) = lines.next() {
            // Neither a comment nor an empty line ends what is continued.
            if line.trim_start().is_empty() || line.trim_start().starts_with('#') {
                continue;
            }
            let (part, on) = continued(line, escape);
            joined.push_str(part);
            goes_on = on;
        }
        if joined.is_empty() {
            continue;
        }
        instructions.push(instruction(&joined, number + 1, escape));
    }
    Ok(Lines {
        instructions,
        escape,
    })
}

impl Instruction {
    fn blank(line: usize, text: &str) -> Self {
        Self {
            line,
            keyword: String::new(),
            flags: Vec::new(),
            rest: String::new(),
            text: text.trim().to_owned(),
        }
    }
}

/// The directives are at the very top: the first line that is none ends them.
fn directives(text: &str) -> Result<char, BadDirective> {
    let mut escape = '\\';
    let mut seen: Vec<String> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let comment = line.trim_start().strip_prefix('#');
        let Some((name, value)) = comment.and_then(|comment| comment.split_once('=')) else {
            break;
        };
        let (name, value) = (name.trim().to_lowercase(), value.trim());
        // `check` is BuildKit's linter; `syntax` names another front end, which the classic builder does not ask.
        if !["check", "escape", "syntax"].contains(&name.as_str()) || value.is_empty() {
            break;
        }
        if seen.contains(&name) {
            return Err(BadDirective::Twice(number + 1, name));
        }
        if name == "escape" {
            escape = match value {
                "\\" => '\\',
                "`" => '`',
                other => return Err(BadDirective::Escape(number + 1, other.to_owned())),
            };
        }
        seen.push(name);
    }
    Ok(escape)
}

/// The line without the sign that continues it, and whether there is one: the last sign but for blanks, and
/// not escaped itself.
fn continued(line: &str, escape: char) -> (&str, bool) {
    match line.trim_end_matches([' ', '\t']).strip_suffix(escape) {
        Some(start) if !start.ends_with(escape) => (start, true),
        _ => (line, false),
    }
}

fn instruction(text: &str, line: usize, escape: char) -> Instruction {
    let mut made = Instruction::blank(line, text);
    let (keyword, rest) = split_blank(text.trim());
    made.keyword = keyword.to_uppercase();
    let mut rest = rest;
    while rest.starts_with("--") {
        let (word, after) = flag(rest, escape);
        rest = after.trim_start();
        if word == "--" {
            break;
        }
        let word = word.trim_start_matches("--");
        made.flags.push(match word.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
            None => (word.to_owned(), None),
        });
    }
    rest.trim().clone_into(&mut made.rest);
    made
}

/// The first word, and what follows the blanks after it.
pub(crate) fn split_blank(text: &str) -> (&str, &str) {
    match text.split_once([' ', '\t', '\r', '\u{b}', '\u{c}']) {
        Some((word, rest)) => (word, rest.trim_start()),
        None => (text, ""),
    }
}

/// The first word of flags, its quotes and escapes taken away.
fn flag(text: &str, escape: char) -> (String, &str) {
    let mut word = String::new();
    let mut quote = None;
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            c if Some(c) == quote => quote = None,
            '\'' | '"' if quote.is_none() => quote = Some(letter),
            c if c == escape => word.extend(letters.next().map(|(_, c)| c)),
            c if c.is_whitespace() && quote.is_none() => return (word, &text[at..]),
            c => word.push(c),
        }
    }
    (word, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keyword and rest of each instruction.
    fn read_all(text: &str) -> Vec<(usize, String, String)> {
        let lines = read(text).expect(text);
        let parts = |one: Instruction| (one.line, one.keyword, one.rest);
        lines.instructions.into_iter().map(parts).collect()
    }

    fn rest(text: &str) -> String {
        read_all(text).remove(0).2
    }

    #[test]
    fn continuation() {
        assert_eq!(rest("CMD a \\\n  b"), "a   b");
        assert_eq!(rest("CMD a\\\nb"), "ab");
        assert_eq!(rest("CMD a \\  \t\n b"), "a  b");
        assert_eq!(rest("CMD a \\\\\nUSER b"), "a \\\\");
        assert_eq!(rest("CMD a \\"), "a");
        assert_eq!(rest("CMD\\\n a"), "a");
    }

    #[test]
    fn comments_and_empty_lines_within_a_continuation() {
        assert_eq!(rest("CMD a \\\n# no\n  # no\\\n\n \t\n b"), "a  b");
        assert_eq!(rest("CMD a \\\n#b"), "a");
        // Not at the beginning of a line it is none.
        assert_eq!(rest("CMD a # b"), "a # b");
    }

    #[test]
    fn blanks_case_and_line_numbers() {
        let want = vec![
            (2, "FROM".to_owned(), "a".to_owned()),
            (3, "CMD".to_owned(), "b".to_owned()),
            (6, "USER".to_owned(), "c".to_owned()),
        ];
        assert_eq!(read_all("\n  from  a \t\nCmd b\n\n# x\nuser\tc"), want);
        assert_eq!(rest("\u{feff}CMD a"), "a");
        assert_eq!(read_all("CMD a\\\r\n b\r\nUSER c\r\n")[1].2, "c");
        assert_eq!(rest("CMD a\\\r\n b\r\n"), "a b");
        assert!(read_all("# only\n\n \\\n").is_empty());
    }

    #[test]
    fn parser_directives() {
        assert_eq!(rest("# escape=`\nCMD a `\n b \\"), "a  b \\");
        assert_eq!(rest("#ESCAPE = `\nCMD a `\n b"), "a  b");
        assert_eq!(rest("# syntax=x\n# escape=`\nCMD a `\nb"), "a b");
        // After a comment, an empty line or an instruction it is a comment.
        for first in ["# any", "", "CMD x", "# other=x"] {
            assert_eq!(
                read(&format!("{first}\n# escape=`")).expect(first).escape,
                '\\'
            );
        }
        let bad = read("# escape=x\nCMD a").err();
        assert_eq!(bad, Some(BadDirective::Escape(1, "x".into())));
        let twice = read("# escape=`\n# escape=`").err();
        assert_eq!(twice, Some(BadDirective::Twice(2, "escape".into())));
    }

    #[test]
    fn flags() {
        let found = read("COPY --chown=1:2 --a='b c' --x -- --y z").expect("valid");
        let one = &found.instructions[0];
        let flag = |name: &str, value: Option<&str>| (name.to_owned(), value.map(str::to_owned));
        assert_eq!(
            one.flags,
            [
                flag("chown", Some("1:2")),
                flag("a", Some("b c")),
                flag("x", None)
            ]
        );
        assert_eq!(one.rest, "--y z");
    }
}
