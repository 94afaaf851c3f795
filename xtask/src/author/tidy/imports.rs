//! What a source file takes from its own crate: each `crate::`, `super::` or `self::` path, with its line.
//!
//! A reading of the text. A parser of all of Rust (the crate syn) would be compiled before the reader's first
//! verdict, for the one construct that is looked for here, which has a grammar of four lines:
//! <https://doc.rust-lang.org/reference/items/use-declarations.html>. Comments and literals are left out first,
//! so that what only looks like an import does not count; what a macro puts together is not seen.

/// A path that a file names, from the crate's root: `["engine", "choice", "Engine"]`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Import {
    pub line: usize,
    pub path: Vec<String>,
}

/// All imports of a text that is the module `module`: each leaf of a `use`, and each path within an expression.
pub(super) fn imports(text: &str, module: &[&str]) -> Vec<Import> {
    let tokens = tokens(text);
    let mut imports = Vec::new();
    let mut depth = 0;
    // The module at this token, and for each module that stands within the file, the depth at which it ends.
    let mut module: Vec<&str> = module.to_vec();
    let mut inline = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let next = |ahead: usize| tokens.get(at + ahead).map(|token| token.text);
        match token.text {
            "mod" if next(2) == Some("{") => {
                inline.push(depth);
                module.extend(next(1));
            }
            "{" => depth += 1,
            "}" => {
                depth -= 1;
                if inline.pop_if(|end| *end == depth).is_some() {
                    module.pop();
                }
            }
            "crate" | "super" | "self"
                if next(1) == Some("::") && (at == 0 || tokens[at - 1].text != "::") =>
            {
                leaves(&tokens, at, &module, &mut imports);
            }
            _ => {}
        }
    }
    imports
}

/// Reads the path at `at`, and all that branches off it. Returns the place behind it.
fn leaves(tokens: &[Token], mut at: usize, base: &[&str], imports: &mut Vec<Import>) -> usize {
    let mut path = base.to_vec();
    let line = tokens[at].line;
    let text = |at: usize| tokens.get(at).map_or("", |token| token.text);
    loop {
        match text(at) {
            "crate" => path.clear(),
            "super" => drop(path.pop()),
            "self" | "*" => {}
            "{" => {
                at += 1;
                while !matches!(text(at), "}" | "") {
                    at = leaves(tokens, at, &path, imports);
                    // Over `as name`, up to the next branch.
                    while !matches!(text(at), "," | "}" | "") {
                        at += 1;
                    }
                    at += usize::from(text(at) == ",");
                }
                return at + 1;
            }
            name if name.starts_with(is_name) => path.push(name),
            _ => break,
        }
        at += 1;
        if text(at) != "::" {
            break;
        }
        at += 1;
    }
    let path = path.into_iter().map(str::to_owned).collect();
    imports.push(Import { line, path });
    at
}

/// A name, `::`, or any other single character.
#[derive(Debug, Clone, Copy)]
struct Token<'a> {
    line: usize,
    text: &'a str,
}

/// The words of a text, without its comments, strings and characters.
fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let (mut rest, mut line) = (text, 1);
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => block_comment(rest),
            '"' => quoted(rest, '"'),
            // Of a lifetime only the tick is left out.
            '\'' if rest[1..].starts_with('\\') || rest.chars().nth(2) == Some('\'') => {
                quoted(rest, '\'')
            }
            _ if is_name(first) => {
                let name = &rest[..rest.find(|c| !is_name(c)).unwrap_or(rest.len())];
                raw_string(name, rest).unwrap_or_else(|| {
                    tokens.push(Token { line, text: name });
                    name.len()
                })
            }
            _ => {
                let length = if rest.starts_with("::") {
                    2
                } else {
                    first.len_utf8()
                };
                if !first.is_whitespace() && first != '\'' {
                    tokens.push(Token {
                        line,
                        text: &rest[..length],
                    });
                }
                length
            }
        };
        let (gone, left) = rest.split_at(length);
        line += gone.matches('\n').count();
        rest = left;
    }
    tokens
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The length of a comment that may hold others.
fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while let Some(found) = text[at..].find(['/', '*']) {
        at += found;
        let step = match text.get(at..at + 2) {
            Some("/*") => 1,
            Some("*/") => -1,
            _ => 0,
        };
        depth += step;
        at += if step == 0 { 1 } else { 2 };
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

/// The length of a string or a character, with its quotes.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The length of a raw string, if that is what `name` begins.
fn raw_string(name: &str, text: &str) -> Option<usize> {
    let body = matches!(name, "r" | "br" | "cr").then(|| &text[name.len()..])?;
    let hashes = body.len() - body.trim_start_matches('#').len();
    let body = body[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let length = body.find(&end).map_or(body.len(), |at| at + end.len());
    Some(name.len() + hashes + 1 + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        imports(text, &["run", "lab"])
            .iter()
            .map(|import| format!("{} {}", import.line, import.path.join(".")))
            .collect()
    }

    #[test]
    fn every_form_of_an_import_is_seen() {
        for (text, expected) in [
            ("use crate::a::B;", vec!["1 a.B"]),
            ("pub(crate) use crate::a::b as c;", vec!["1 a.b"]),
            ("use crate::*;", vec!["1 "]),
            (
                "use crate::a::{self, b::{C, d::*}};",
                vec!["1 a", "1 a.b.C", "1 a.b.d"],
            ),
            (
                "use crate::{\n    a::{B as D, C},\n    e,\n};",
                vec!["2 a.B", "2 a.C", "3 e"],
            ),
            (
                "fn f<'a>(x: &'a crate::a::B) {\n    crate::c::d::<u8>('\\'');\n}",
                vec!["1 a.B", "2 c.d"],
            ),
            (
                "use super::jobs;\nuse super::super::engine::x;",
                vec!["1 run.jobs", "2 engine.x"],
            ),
            ("use self::inner::x;", vec!["1 run.lab.inner.x"]),
            (
                "mod tests {\n fn f() { {} }\n use super::*;\n use super::super::jobs;\n}\nuse super::x;",
                vec!["3 run.lab", "4 run.jobs", "6 run.x"],
            ),
            ("$crate::a::B", vec!["1 a.B"]),
        ] {
            let mut got = found(text);
            // The line of a leaf is that of its branch.
            got.sort();
            assert_eq!(got, expected, "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_one_is_not() {
        for text in [
            "// crate::a",
            "/* /* crate::a */ crate::b */",
            "let x = \"crate::a \\\" crate::b\";",
            "r#\"a \" crate::a\"# r\"\\\" br##\"\"# crate::b\"##",
            "let x = ['\"', '\\'', 'x']; /* \" */",
            "pub(crate) fn crate_a() { other::crates::b() }",
            "serde::de::self_test; std::super_x::a",
        ] {
            assert_eq!(found(text), Vec::<String>::new(), "{text}");
        }
        assert_eq!(found("'\"'; \"\n\"; 'a: crate::a"), ["2 a"]);
    }
}
