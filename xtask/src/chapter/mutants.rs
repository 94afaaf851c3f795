//! The wrong answers that are kept beside an exercise, and the hint that each of them must get.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use pulldown_cmark::{Event, Parser, Tag, TagEnd};

use crate::chapter::source::{Fault, Faults, Source};

/// A wrong answer: `mutants/NAME`, only the files that differ from the solution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mutant {
    /// Its folder's name.
    pub name: String,
    /// The key of the hint that it must be refused with.
    pub hint: String,
    /// What is wrong with it.
    pub wrong: String,
    /// Its line of the list.
    pub line: usize,
}

/// The list of a lab's wrong answers, below its folder.
pub const LIST: &str = "mutants/README.md";

/// Reads the list of the lab in `folder`; a lab without one has none.
pub fn read(folder: &Path) -> Result<Vec<Mutant>> {
    let path = folder.join(LIST);
    if !path.exists() {
        return Ok(Vec::new());
    }
    let text =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(parse(path, text)?)
}

/// What an item of the list looks like.
const FORM: &str =
    "write its folder's name and the hint's key as code, and what is wrong: - `zero`, `0`: ...";

fn parse(path: PathBuf, text: String) -> Result<Vec<Mutant>, Faults> {
    let source = Source::new(path, text);
    let (mut mutants, mut faults) = (Vec::new(), Vec::new());
    let mut item: Option<Mutant> = None;
    for (event, range) in Parser::new(&source.text).into_offset_iter() {
        match (event, &mut item) {
            (Event::Start(Tag::Item), _) => {
                item = Some(Mutant {
                    name: String::new(),
                    hint: String::new(),
                    wrong: String::new(),
                    line: source.line_of(range.start),
                });
            }
            (Event::End(TagEnd::Item), Some(mutant)) => {
                mutant.wrong = mutant.wrong.trim_start_matches([',', ':', ' ']).to_owned();
                let whole = ![&mutant.name, &mutant.hint, &mutant.wrong]
                    .iter()
                    .any(|part| part.is_empty());
                match whole {
                    true => mutants.extend(item.take()),
                    false => faults.push(
                        Fault::new(mutant.line, "a wrong answer without name, hint or fault")
                            .help(FORM),
                    ),
                }
            }
            (Event::Code(code), Some(mutant)) if mutant.name.is_empty() => {
                mutant.name = code.to_string();
            }
            (Event::Code(code), Some(mutant)) if mutant.hint.is_empty() => {
                mutant.hint = code.to_string();
            }
            (Event::Code(code), Some(mutant)) => mutant.wrong.push_str(&format!("`{code}`")),
            (Event::Text(text), Some(mutant)) => mutant.wrong.push_str(&text),
            (Event::SoftBreak | Event::HardBreak, Some(mutant)) => mutant.wrong.push(' '),
            _ => {}
        }
    }
    match faults.is_empty() {
        true => Ok(mutants),
        false => Err(Faults { source, faults }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_a_name_a_hint_and_a_fault() {
        let text = "# Wrong\n\nText with `code`.\n\n- `zero`, `0`: It says\n  `exit(0)`.\n";
        let mutants = parse("x.md".into(), text.into()).unwrap();
        assert_eq!(
            mutants,
            [Mutant {
                name: "zero".into(),
                hint: "0".into(),
                wrong: "It says `exit(0)`.".into(),
                line: 5,
            }]
        );
    }

    #[test]
    fn what_an_item_lacks_is_told_with_its_line() {
        for text in ["\n- `zero`, `0`\n", "\n- `zero`: wrong\n", "\n- wrong\n"] {
            let faults = parse("x.md".into(), text.into()).unwrap_err().faults;
            assert_eq!(faults.len(), 1, "{text}");
            assert_eq!(faults[0].line, 2, "{text}");
        }
    }
}
