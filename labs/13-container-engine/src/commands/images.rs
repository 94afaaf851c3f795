//! `images`: a line for each name.

use std::ops::RangeInclusive;

use serde_json::json;

use crate::cli::command::Command;
use crate::cli::flag::{Flag, switch, text};
use crate::cli::format::{self, Kind, Style};
use crate::error::Result;
use crate::output::print;
use crate::store::disk::Store;
use crate::store::image::{self, Image};
use crate::time::{fixed, human, now};

/// `docker images`.
#[derive(Debug, Default)]
pub(crate) struct Images {
    style: Style,
}

impl Command for Images {
    const NAME: &'static str = "images";
    const USAGE: &'static str = " [OPTIONS] [REPOSITORY[:TAG]]";
    const ABOUT: &'static str = "List images";
    const ARGUMENTS: RangeInclusive<usize> = 0..=1;
    const LACKS: &'static [&'static str] = &["all", "-a", "digests", "filter", "-f", "tree"];

    fn flags() -> Vec<Flag<Self>> {
        vec![
            text(
                None,
                "format",
                "Format output using a template",
                |flags: &mut Self| &mut flags.style.format,
            ),
            switch(
                None,
                "no-trunc",
                "Don't truncate output",
                |flags: &mut Self| &mut flags.style.whole,
            ),
            switch(
                Some('q'),
                "quiet",
                "Only show image IDs",
                |flags: &mut Self| &mut flags.style.quiet,
            ),
        ]
    }

    fn run(self, args: &[String]) -> Result<u8> {
        let store = Store::open()?;
        let mut rows = Vec::new();
        for (image, tags) in Image::all(&store) {
            let size = size_text(image.size(&store));
            let tags = if tags.is_empty() {
                vec!["<none>:<none>".to_owned()]
            } else {
                tags
            };
            for full in tags {
                let (repository, tag) = full.rsplit_once(':').unwrap_or((&full, "latest"));
                if args
                    .first()
                    .is_some_and(|name| *name != full && name != repository)
                {
                    continue;
                }
                let since = format!("{} ago", human(now().saturating_sub(image.created)));
                rows.push(json!({
                    "Repository": repository,
                    "Tag": tag,
                    "ID": image::display_id(&image.id, self.style.whole),
                    "CreatedSince": since,
                    "CreatedAt": fixed(image.created),
                    "Size": size,
                }));
            }
        }
        if self.style.quiet {
            rows.dedup_by(|a, b| a["ID"] == b["ID"]);
        }
        print(&format::rows(&self.style, &KIND, &rows)?);
        Ok(0)
    }
}

const KIND: Kind = Kind {
    columns: "table {{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}",
    id: "IMAGE ID",
    name: "*formatter.imageContext",
};

/// `1.2MB`: three digits, powers of 1000, as Docker prints a size.
fn size_text(bytes: u64) -> String {
    let units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    let mut size = bytes as f64;
    let mut unit = 0;
    while size >= 1000.0 && unit + 1 < units.len() {
        size /= 1000.0;
        unit += 1;
    }
    let digits = if size >= 100.0 || unit == 0 {
        0
    } else if size >= 10.0 {
        1
    } else {
        2
    };
    let text = format!("{size:.digits$}");
    let text = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        &text
    };
    format!("{text}{}", units[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (bytes, text) in [
            (0, "0B"),
            (999, "999B"),
            (1_200_000, "1.2MB"),
            (20_385_703, "20.4MB"),
            (5_000, "5kB"),
        ] {
            assert_eq!(size_text(bytes), text);
        }
    }
}
