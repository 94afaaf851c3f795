//! Reads a chapter's Markdown; all its faults are reported at once.

use std::fs;
use std::ops::Range;
use std::path::Path;

use anyhow::{Context, Result};
use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use crate::chapter::fence::{self, Fence};
use crate::chapter::page::{Block, Chapter, Hint};
use crate::chapter::source::{Fault, Faults, Source};
use crate::chapter::steps::steps;

/// Reads and parses a chapter. All its faults are reported at once.
pub fn read(path: &Path, shown: &Path) -> Result<Chapter> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(parse(Source::new(shown.to_path_buf(), text))?)
}

/// Parses a chapter's text.
pub fn parse(source: Source) -> Result<Chapter, Faults> {
    if let Some(offset) = source.text.find("\r\n") {
        let path = source.path.display();
        let fault = Fault::new(
            source.line_of(offset),
            "this chapter has CRLF line ends, as Windows writes them; no output has them",
        )
        .help(format!(
            "take them out: sed -i 's/\\r$//' {path}; and keep git from putting them in: git config core.autocrlf input"
        ));
        let faults = vec![fault];
        return Err(Faults { source, faults });
    }
    let text = source.text.clone();
    let mut page = Page {
        source,
        ..Page::default()
    };
    for (event, range) in Parser::new_ext(&text, Options::ENABLE_TABLES).into_offset_iter() {
        page.event(event, range);
    }
    if page.faults.is_empty() {
        Ok(Chapter {
            source: page.source,
            title: page
                .headings
                .first()
                .map(|(_, text)| text.clone())
                .unwrap_or_default(),
            question: page.question.trim().to_owned(),
            blocks: page.blocks,
            hints: page.hints,
            headings: page.headings,
        })
    } else {
        Err(Faults {
            source: page.source,
            faults: page.faults,
        })
    }
}

/// The parser's state: what has been read so far.
#[derive(Default)]
struct Page {
    source: Source,
    faults: Vec<Fault>,
    headings: Vec<(u8, String)>,
    question: String,
    asked: bool,
    blocks: Vec<Block>,
    hints: Vec<Hint>,
    heading: Option<u8>,
    quote: usize,
    item: Option<Hint>,
}

impl Page {
    fn event(&mut self, event: Event<'_>, range: Range<usize>) {
        match event {
            Event::Start(Tag::Heading { level, .. }) => {
                self.headings.push((depth(level), String::new()));
                self.heading = Some(depth(level));
            }
            Event::End(TagEnd::Heading(_)) => self.heading = None,
            Event::Start(Tag::BlockQuote(_)) => self.quote += 1,
            Event::End(TagEnd::BlockQuote(_)) => {
                self.quote -= 1;
                self.asked = true;
            }
            Event::Start(Tag::Item) if self.under("If it fails") => {
                self.item = Some(Hint {
                    key: String::new(),
                    text: String::new(),
                });
            }
            Event::End(TagEnd::Item) => self.end_item(&range),
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => self.block(&info, range),
            Event::Code(code) => self.text(&code, true),
            Event::Text(text) => self.text(&text, false),
            Event::SoftBreak | Event::HardBreak => self.text(" ", false),
            _ => {}
        }
    }

    fn under(&self, heading: &str) -> bool {
        self.headings
            .last()
            .is_some_and(|(_, text)| text == heading)
    }

    fn text(&mut self, text: &str, code: bool) {
        if self.heading.is_some() {
            if let Some((_, heading)) = self.headings.last_mut() {
                heading.push_str(text);
            }
        } else if self.quote > 0 && !self.asked {
            self.question.push_str(text);
        } else if let Some(hint) = &mut self.item {
            match (code, hint.key.is_empty() && hint.text.is_empty()) {
                (true, true) => hint.key.push_str(text),
                (true, false) => hint.text.push_str(&format!("`{text}`")),
                (false, _) => hint.text.push_str(text),
            }
        }
    }

    fn end_item(&mut self, range: &Range<usize>) {
        let Some(mut hint) = self.item.take() else {
            return;
        };
        hint.text = hint.text.trim_start_matches(':').trim().to_owned();
        if hint.key.is_empty() || hint.text.is_empty() {
            let line = self.source.line_of(range.start);
            self.faults
                .push(Fault::new(line, "a hint without its key").help(
                    "write the wrong answer as a code span, a colon, the hint: - `137`: ...",
                ));
        } else {
            self.hints.push(hint);
        }
    }

    fn block(&mut self, info: &str, range: Range<usize>) {
        let line = self.source.line_of(range.start);
        let fence = match Fence::parse(info) {
            None => return,
            Some(Ok(fence)) => fence,
            Some(Err(message)) => {
                self.faults
                    .push(Fault::new(line, message).help(fence::WORDS));
                return;
            }
        };
        if range.start != self.source.line_start(line) {
            self.faults.push(
                Fault::new(line, "a console block inside a list or a quote").help(
                    "move it to the left margin: the runner rewrites such blocks when it blesses",
                ),
            );
            return;
        }
        let steps = steps(&self.source.text, line, range, &mut self.faults);
        if steps.is_empty() {
            let fault = Fault::new(line, "a console block without a command");
            self.faults.push(fault.help("begin a command with `$ `"));
        }
        self.blocks.push(Block {
            fence,
            number: self.blocks.len() + 1,
            line,
            steps,
        });
    }
}

fn depth(level: HeadingLevel) -> u8 {
    level as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Chapter, Faults> {
        super::parse(Source::new("x.md".into(), text.into()))
    }

    #[test]
    fn a_chapter_is_read() {
        let text = "# Title\n\n> Why *so*?\n\ntext\n\n```console\n$ one\n> two\n? 3\nout\n\nmore\n$ four\n```\n";
        let chapter = parse(text).unwrap();
        assert_eq!(
            (chapter.title.as_str(), chapter.question.as_str()),
            ("Title", "Why so?")
        );
        let steps = &chapter.blocks[0].steps;
        assert_eq!(
            (steps[0].line, steps[0].command.as_str(), steps[0].status),
            (8, "one\ntwo", 3)
        );
        assert_eq!(steps[0].expected, "out\n\nmore\n");
        assert_eq!(&text[steps[0].result.clone()], "? 3\nout\n\nmore\n");
        assert_eq!((steps[1].line, steps[1].expected.as_str()), (14, ""));
    }

    #[test]
    fn hints_are_keyed_to_wrong_answers() {
        let text =
            "### If it fails\n\n- `137`: The *grace* period; see `exec`.\n- `otherwise`: Look.\n";
        let chapter = parse(text).unwrap();
        assert_eq!(chapter.hints[0].key, "137");
        assert_eq!(chapter.hints[0].text, "The grace period; see `exec`.");
        assert_eq!(chapter.hints[1].key, "otherwise");
    }

    #[test]
    fn every_fault_is_told_with_its_line() {
        let faults = |text: &str| {
            parse(text)
                .unwrap_err()
                .faults
                .iter()
                .map(|fault| fault.line)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            faults("a\n\n```console,norun\n$ x\n```\n\n```console\n```\n"),
            [3, 7]
        );
        assert_eq!(faults("```console\noutput\n$ x\n```\n"), [2, 1]);
        assert_eq!(faults("```console\n$ x\n? y\n```\n"), [3]);
        assert_eq!(faults("```console\n$ x\nout\n? 3\n```\n"), [4]);
        assert_eq!(faults("```console\n$ x\n"), [1, 1]);
        assert_eq!(faults("- list\n\n  ```console\n  $ x\n  ```\n"), [3]);
        assert_eq!(faults("### If it fails\n\n- no key\n"), [3]);
    }
}
