//! Tables: `ps`, `images`.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::cli::template::Template;
use crate::error::{Result, client, daemon};
use crate::store::config::{Config, Port};
use crate::store::container::{Container, State, Status};
use crate::store::disk::{Store, short_id};
use crate::store::image::{self, Image};
use crate::time::{fixed, human, now};

/// Lines of cells, as wide as their widest cell and three blanks, ten at least; the last cell of a
/// line is followed by nothing.
pub(crate) fn table(rows: &[Vec<String>], least: usize, gap: usize) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| {
        let cells = rows
            .iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count());
        (cells.max().unwrap_or_default() + gap).max(least)
    };
    let widths: Vec<_> = (0..columns).map(width).collect();
    let mut out = String::new();
    for row in rows {
        for (cell, width) in row[..row.len() - 1].iter().zip(&widths) {
            let _ = write!(out, "{cell:width$}");
        }
        let _ = writeln!(
            out,
            "{}",
            row.last().map(String::as_str).unwrap_or_default()
        );
    }
    out
}

/// Which containers `ps` lists.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    all: bool,
    names: Vec<String>,
    ids: Vec<String>,
    labels: Vec<String>,
    statuses: Vec<String>,
}

impl Filter {
    /// From the values of `--filter`.
    pub(crate) fn parse(all: bool, given: &[String]) -> Result<Self> {
        let mut filter = Self {
            all,
            ..Self::default()
        };
        for text in given {
            let (key, value) = text.split_once('=').ok_or_else(|| {
                client!(
                    "invalid argument \"{text}\" for \"-f, --filter\" flag: invalid filter '{text}'"
                )
            })?;
            let list = match key {
                "name" => &mut filter.names,
                "id" => &mut filter.ids,
                "label" => &mut filter.labels,
                "status" => {
                    if ![
                        "created",
                        "restarting",
                        "running",
                        "removing",
                        "paused",
                        "exited",
                        "dead",
                    ]
                    .contains(&value)
                    {
                        return Err(daemon!("Unrecognised filter value for status: {value}"));
                    }
                    &mut filter.statuses
                }
                _ => return Err(daemon!("Invalid filter '{key}'")),
            };
            list.push(value.to_owned());
        }
        Ok(filter)
    }

    fn fits(&self, config: &Config, state: &State) -> bool {
        let any = |list: &[String], test: &dyn Fn(&String) -> bool| {
            list.is_empty() || list.iter().any(test)
        };
        let running = matches!(state.status, Status::Running | Status::Restarting);
        let label = |text: &String| match text.split_once('=') {
            Some((key, value)) => config.labels.get(key).is_some_and(|found| found == value),
            None => config.labels.contains_key(text),
        };
        (self.all || running || !self.statuses.is_empty())
            && any(&self.names, &|text| name_fits(text, &config.name))
            && any(&self.ids, &|text| config.id.starts_with(text.as_str()))
            && self.labels.iter().all(label)
            && any(&self.statuses, &|text| state.status.name() == text)
    }
}

/// A filter by name is a regular expression; of those, people use `^/name$`.
fn name_fits(pattern: &str, name: &str) -> bool {
    let (start, rest) = match pattern.strip_prefix('^') {
        Some(rest) => (true, rest.strip_prefix('/').unwrap_or(rest)),
        None => (false, pattern.strip_prefix('/').unwrap_or(pattern)),
    };
    match (start, rest.strip_suffix('$')) {
        (true, Some(rest)) => name == rest,
        (true, None) => name.starts_with(rest),
        (false, Some(rest)) => name.ends_with(rest),
        (false, None) => name.contains(rest),
    }
}

/// How `ps` prints.
#[derive(Debug)]
pub(crate) struct Style<'a> {
    pub(crate) quiet: bool,
    pub(crate) whole: bool,
    pub(crate) format: Option<&'a str>,
}

/// The output of `ps`.
pub(crate) fn ps(store: &Store, filter: &Filter, style: &Style<'_>) -> Result<String> {
    let rows: Vec<_> = Container::all(store)
        .into_iter()
        .map(|container| (container.state(), container.config))
        .filter(|(state, config)| filter.fits(config, state))
        .map(|(state, config)| row(store, &config, &state, style.whole))
        .collect();
    let default = if style.quiet {
        "{{.ID}}"
    } else {
        "table {{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}"
    };
    render(
        style.format.unwrap_or(default),
        &rows,
        "CONTAINER ID",
        "*formatter.ContainerContext",
    )
}

fn render(format: &str, rows: &[Value], id: &str, kind: &str) -> Result<String> {
    let (headed, format) = match format.strip_prefix("table ") {
        Some(rest) => (true, rest),
        None => (
            false,
            if format == "json" {
                "{{json .}}"
            } else {
                format
            },
        ),
    };
    let format = format.replace("\\t", "\t").replace("\\n", "\n");
    let template =
        Template::parse(&format).map_err(|error| client!("failed to parse template: {error}"))?;
    let wrong = |error: String| match error.split_once(": map has no entry for key ") {
        Some((start, name)) => client!(
            "failed to execute template: {start}: can't evaluate field {} in type {kind}",
            name.trim_matches('"')
        ),
        None => client!("failed to execute template: {error}"),
    };
    let mut lines = Vec::new();
    if headed {
        lines.push(
            template
                .heading()
                .replace("CONTAINER ID", id)
                .replace("RUNNINGFOR", "CREATED"),
        );
    }
    for row in rows {
        lines.push(template.render(row).map_err(wrong)?);
    }
    if headed {
        let cells: Vec<Vec<String>> = lines
            .iter()
            .map(|line| line.split('\t').map(str::to_owned).collect())
            .collect();
        return Ok(table(&cells, 10, 3));
    }
    Ok(lines.into_iter().map(|line| line + "\n").collect())
}

fn row(store: &Store, config: &Config, state: &State, whole: bool) -> Value {
    let now = now();
    let command = config.argv().join(" ");
    let quoted = if whole || command.chars().count() <= 20 {
        format!("\"{command}\"")
    } else {
        format!("\"{}…\"", command.chars().take(19).collect::<String>())
    };
    let id = if whole {
        &config.id
    } else {
        short_id(&config.id)
    };
    let ago = |time: u64| human(now.saturating_sub(time));
    let status = match state.status {
        Status::Created => "Created".to_owned(),
        Status::Running => format!("Up {}", ago(state.started)),
        Status::Restarting => format!(
            "Restarting ({}) {} ago",
            state.exit_code,
            ago(state.finished)
        ),
        Status::Exited => format!("Exited ({}) {} ago", state.exit_code, ago(state.finished)),
    };
    let labels: Vec<_> = config
        .labels
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    let ports: Vec<_> = state
        .ports
        .iter()
        .filter(|_| state.pid != 0)
        .map(port_text)
        .collect();
    let tagged = Image::find(store, &config.image).is_some_and(|image| image.id == config.image_id);
    json!({
        "ID": id,
        "Image": if tagged { config.image.clone() } else { short_id(&config.image_id).to_owned() },
        "Command": quoted,
        "CreatedAt": fixed(config.created),
        "RunningFor": format!("{} ago", ago(config.created)),
        "CreatedSince": format!("{} ago", ago(config.created)),
        "Status": status,
        "State": state.status.name(),
        "Ports": ports.join(", "),
        "Names": config.name,
        "Labels": labels.join(","),
    })
}

fn port_text(port: &Port) -> String {
    format!("{}:{}->{}/tcp", port.ip, port.host, port.container)
}

/// The output of `images`; `name` limits it to one repository or one name.
pub(crate) fn images(store: &Store, name: Option<&str>, style: &Style<'_>) -> Result<String> {
    let mut rows = Vec::new();
    for (image, tags) in Image::all(store) {
        let size = size_text(image.size(store));
        let tags = if tags.is_empty() {
            vec!["<none>:<none>".to_owned()]
        } else {
            tags
        };
        for full in tags {
            let (repository, tag) = full.rsplit_once(':').unwrap_or((&full, "latest"));
            if name.is_some_and(|name| name != full && name != repository) {
                continue;
            }
            let since = format!("{} ago", human(now().saturating_sub(image.created)));
            rows.push(json!({
                "Repository": repository,
                "Tag": tag,
                "ID": image::display_id(&image.id, style.whole),
                "CreatedSince": since,
                "CreatedAt": fixed(image.created),
                "Size": size,
            }));
        }
    }
    if style.quiet {
        rows.dedup_by(|a, b| a["ID"] == b["ID"]);
    }
    let default = if style.quiet {
        "{{.ID}}"
    } else {
        "table {{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}"
    };
    render(
        style.format.unwrap_or(default),
        &rows,
        "IMAGE ID",
        "*formatter.imageContext",
    )
}

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

/// The machine, in Docker's words.
pub(crate) fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_padded_and_the_last_is_not() {
        let rows = [
            vec!["ID".to_owned(), "X".to_owned()],
            vec!["123456789012".to_owned(), "y".to_owned()],
        ];
        assert_eq!(table(&rows, 10, 3), "ID             X\n123456789012   y\n");
    }

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

    #[test]
    fn name_filters() {
        assert!(name_fits("eb", "web02"));
        assert!(name_fits("^/web02$", "web02"));
        assert!(!name_fits("^/web$", "web02"));
    }
}
