//! The words of a Dockerfile: where one ends, what its quotes protect, which variables it names.
//! Docker's rules: <https://docs.docker.com/reference/dockerfile/#environment-replacement>.

/// Replaces `$X`, `${X}`, `${X:-default}` and `${X:+other}` by what `value` says, and removes quotes.
/// The error is what cannot be substituted, in words.
pub(crate) fn expand(text: &str, value: &dyn Fn(&str) -> String) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = text;
    let mut quote = None;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match c {
            '\'' | '"' if quote.is_none() => quote = Some(c),
            '\'' | '"' if quote == Some(c) => quote = None,
            '\\' if quote != Some('\'') => {
                let Some(next) = rest.chars().next() else {
                    break;
                };
                if quote == Some('"') && !matches!(next, '"' | '$' | '\\') {
                    out.push('\\');
                }
                out.push(next);
                rest = &rest[next.len_utf8()..];
            }
            '$' if quote != Some('\'') => match variable(rest, value)? {
                Some((filled, tail)) => {
                    out.push_str(&filled);
                    rest = tail;
                }
                None => out.push('$'),
            },
            c => out.push(c),
        }
    }
    Ok(out)
}

/// The value of the variable at the start of `rest`, which follows a `$`, and what comes after.
fn variable<'t>(
    rest: &'t str,
    value: &dyn Fn(&str) -> String,
) -> Result<Option<(String, &'t str)>, String> {
    let name_end = |text: &str| {
        text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(text.len())
    };
    let Some(inner) = rest.strip_prefix('{') else {
        let end = name_end(rest);
        return Ok((end > 0).then(|| (value(&rest[..end]), &rest[end..])));
    };
    let (name, after) = inner.split_at(name_end(inner));
    let bad = || format!("cannot substitute ${rest}");
    // The closing brace is the one of the same depth: a default may hold a variable itself.
    let mut depth = 1;
    let end = after.find(|c| {
        depth += match c {
            '{' => 1,
            '}' => -1,
            _ => 0,
        };
        depth == 0
    });
    let end = end.filter(|_| !name.is_empty()).ok_or_else(bad)?;
    let (modifier, tail) = (&after[..end], &after[end + 1..]);
    let set = value(name);
    let filled = if modifier.is_empty() {
        set
    } else if let Some(default) = modifier.strip_prefix(":-") {
        if set.is_empty() {
            expand(default, value)?
        } else {
            set
        }
    } else if let Some(other) = modifier.strip_prefix(":+") {
        if set.is_empty() {
            set
        } else {
            expand(other, value)?
        }
    } else {
        return Err(bad());
    };
    Ok(Some((filled, tail)))
}

/// A backslash at the end of a line joins it with the next one.
pub(crate) fn join_lines(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        match line.trim_end().strip_suffix('\\') {
            Some(start) => out.push_str(start),
            None => out.push_str(line),
        }
    }
    out.trim().to_owned()
}

/// Splits at blanks that no quote and no backslash protects; the quotes stay.
pub(crate) fn split(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                word.push(c);
                word.extend(chars.next());
                continue;
            }
            '\'' | '"' if quote.is_none() => quote = Some(c),
            c if quote == Some(c) => quote = None,
            c if c.is_whitespace() && quote.is_none() => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                continue;
            }
            _ => {}
        }
        word.push(c);
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

pub(crate) fn unquote(text: &str) -> String {
    text.trim_matches(|c| c == '"' || c == '\'').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str) -> Result<String, String> {
        let value = |name: &str| match name {
            "A" => "1".to_owned(),
            "B" => "two words".to_owned(),
            _ => String::new(),
        };
        expand(text, &value)
    }

    #[test]
    fn variables_are_filled_in() {
        for (text, want) in [
            ("${A:-9}", "1"),
            ("${C:-${B}}", "two words"),
            ("${A:+y}${C:+n}", "y"),
            ("$A.$B", "1.two words"),
            ("100$", "100$"),
            ("\\$A", "$A"),
        ] {
            assert_eq!(filled(text).as_deref(), Ok(want), "{text}");
        }
        for text in ["${A", "${}", "${A?x}"] {
            assert!(filled(text).is_err(), "{text}");
        }
    }

    #[test]
    fn quotes_protect() {
        for (text, want) in [
            ("'$A'", "$A"),
            ("\"$A b\"", "1 b"),
            ("\"a\\b\\\"\"", "a\\b\""),
        ] {
            assert_eq!(filled(text).as_deref(), Ok(want), "{text}");
        }
        assert_eq!(split("a 'b c' d\\ e"), ["a", "'b c'", "d\\ e"]);
    }
}
