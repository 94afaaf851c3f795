//! What `--format` makes of rows (`ps`, `images`) and of one value (`version`, `info`).

use serde_json::Value;

use crate::cli::table::table;
use crate::cli::template::{Template, TemplateError};
use crate::error::{Result, client};

/// How a list is printed.
#[derive(Debug, Default)]
pub(crate) struct Style {
    pub(crate) quiet: bool,
    /// Ids and commands in full.
    pub(crate) whole: bool,
    pub(crate) format: Option<String>,
}

/// What kind of rows there are.
pub(crate) struct Kind {
    /// The table that is printed when no format is given.
    pub(crate) columns: &'static str,
    /// The heading of the column with the id.
    pub(crate) id: &'static str,
    /// Docker's name of the type, which stands in its messages.
    pub(crate) name: &'static str,
}

/// `json` is a template, too.
fn template_of(format: &str) -> &str {
    if format == "json" {
        "{{json .}}"
    } else {
        format
    }
}

/// Rows, as the user wants them.
pub(crate) fn rows(style: &Style, kind: &Kind, rows: &[Value]) -> Result<String> {
    let format = match &style.format {
        Some(format) => format.as_str(),
        None if style.quiet => "{{.ID}}",
        None => kind.columns,
    };
    let (headed, format) = match format.strip_prefix("table ") {
        Some(rest) => (true, rest),
        None if format == "table" => (true, kind.columns.trim_start_matches("table ")),
        None => (false, template_of(format)),
    };
    let format = format.replace("\\t", "\t").replace("\\n", "\n");
    let template =
        Template::parse(&format).map_err(|error| client!("failed to parse template: {error}"))?;
    let wrong =
        |error: TemplateError| client!("failed to execute template: {}", error.of_type(kind.name));
    let mut lines = Vec::new();
    if headed {
        let heading = template.heading().replace("CONTAINER ID", kind.id);
        lines.push(heading.replace("RUNNINGFOR", "CREATED"));
    }
    for row in rows {
        lines.push(template.render(row).map_err(wrong)?);
    }
    if headed {
        let cells = |line: &String| line.split('\t').map(str::to_owned).collect();
        return Ok(table(&lines.iter().map(cells).collect::<Vec<_>>(), 10, 3));
    }
    Ok(lines.into_iter().map(|line| line + "\n").collect())
}

/// One value, or the text that stands for it.
pub(crate) fn value(format: Option<&str>, value: &Value, text: &str) -> Result<String> {
    let Some(format) = format else {
        return Ok(text.to_owned());
    };
    let filled = Template::parse(template_of(format)).and_then(|template| template.render(value));
    filled
        .map(|text| text + "\n")
        .map_err(|error| client!("template parsing error: {error}"))
}
