//! The part of Go's templates that `--format` is used with: `{{.A.B}}`, `{{json .A}}`,
//! `{{index .A "key"}}`, and text around.

use std::fmt;

use serde_json::Value;

/// What is wrong with a template, in Go's words.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum TemplateError {
    /// It cannot be read.
    Syntax(String),
    /// It asks for a field that is not there; `place` says where it does.
    NoField {
        place: String,
        name: String,
        in_map: bool,
    },
}

impl TemplateError {
    /// The same about a value of a type that has fields, where there is no map.
    pub(crate) fn of_type(&self, kind: &str) -> String {
        match self {
            Self::NoField { place, name, .. } => {
                format!("{place}: can't evaluate field {name} in type {kind}")
            }
            Self::Syntax(_) => self.to_string(),
        }
    }
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(message) => f.write_str(message),
            Self::NoField {
                place,
                name,
                in_map: true,
            } => write!(f, "{place}: map has no entry for key \"{name}\""),
            Self::NoField { place, name, .. } => {
                write!(f, "{place}: can't evaluate field \"{name}\"")
            }
        }
    }
}

type Result<T> = std::result::Result<T, TemplateError>;

fn syntax(message: impl fmt::Display) -> TemplateError {
    TemplateError::Syntax(format!("template: :1: {message}"))
}

/// A template, parsed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Template(Vec<Part>);

#[derive(Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Field(Field),
    Json(Field),
    Index(Field, Vec<String>),
}

/// `.A.B`.
#[derive(Debug, PartialEq, Eq)]
struct Field {
    /// Its names; none for `.`.
    path: Vec<String>,
    /// How far from the start of the template it stands.
    column: usize,
}

impl Field {
    /// In Go's words, and with Go's idea of where: a field of several names stands where its second
    /// name does.
    fn missing(&self, name: &str, in_map: bool) -> TemplateError {
        let column = match self.path.as_slice() {
            [first, _, ..] => self.column + 1 + first.len(),
            _ => self.column,
        };
        let path = self.path.join(".");
        TemplateError::NoField {
            place: format!("template: :1:{column}: executing \"\" at <.{path}>"),
            name: name.to_owned(),
            in_map,
        }
    }
}

impl Template {
    /// Parses; the error is in Go's words.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            let start = text.len() - after.len();
            if !before.is_empty() {
                parts.push(Part::Text(before.to_owned()));
            }
            let (action, tail) = after
                .split_once("}}")
                .ok_or_else(|| syntax("unclosed action"))?;
            parts.push(action_of(action, start)?);
            rest = tail;
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Ok(Self(parts))
    }

    /// Fills it in.
    pub(crate) fn render(&self, value: &Value) -> Result<String> {
        let mut out = String::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Field(field) => {
                    let name = field.path.last();
                    let text = go(find(value, field)?, name);
                    let in_map = field
                        .path
                        .iter()
                        .rev()
                        .nth(1)
                        .is_some_and(|map| map == "Attributes");
                    out.push_str(if in_map && text == "<nil>" {
                        "<no value>"
                    } else {
                        &text
                    });
                }
                Part::Json(path) => out.push_str(&find(value, path)?.to_string()),
                Part::Index(path, keys) => {
                    let mut found = find(value, path)?;
                    for key in keys {
                        let next = match key.parse::<usize>() {
                            Ok(number) => found.get(number),
                            Err(_) => found.get(key),
                        };
                        found = next.unwrap_or(&Value::Null);
                    }
                    // Go's zero value of a missing string is an empty one.
                    out.push_str(&if found.is_null() {
                        String::new()
                    } else {
                        go(found, None)
                    });
                }
            }
        }
        Ok(out)
    }

    /// The names of the fields it prints, for the heading of a table.
    pub(crate) fn heading(&self) -> String {
        let heading = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Field(field) | Part::Json(field) | Part::Index(field, _) => {
                let name = field.path.last().map(String::as_str).unwrap_or_default();
                match name {
                    "ID" => "CONTAINER ID".to_owned(),
                    "CreatedSince" => "CREATED".to_owned(),
                    "CreatedAt" => "CREATED AT".to_owned(),
                    name => name.to_uppercase(),
                }
            }
        };
        self.0.iter().map(heading).collect()
    }
}

/// What stands between braces; `start` is where it begins in the template.
fn action_of(text: &str, start: usize) -> Result<Part> {
    let action = text.trim_matches(|c: char| c == '-' || c.is_whitespace());
    let unsupported = || {
        syntax(format_args!(
            "pocket's templates know {{{{.Field}}}}, {{{{json .Field}}}} and {{{{index .Field \"key\"}}}}, not {{{{{action}}}}}"
        ))
    };
    let column = start + text.find('.').unwrap_or_default();
    let field = |word: Option<&str>| {
        word.and_then(path_of)
            .map(|path| Field { path, column })
            .ok_or_else(unsupported)
    };
    let mut words = action.split_whitespace();
    let part = match words.next() {
        None => return Err(syntax("missing value for command")),
        Some("json") => Part::Json(field(words.next())?),
        Some("index") => {
            let field = field(words.next())?;
            Part::Index(
                field,
                words
                    .by_ref()
                    .map(|key| key.trim_matches('"').to_owned())
                    .collect(),
            )
        }
        word => Part::Field(field(word)?),
    };
    if words.next().is_some() {
        Err(unsupported())
    } else {
        Ok(part)
    }
}

fn path_of(text: &str) -> Option<Vec<String>> {
    let rest = text.strip_prefix('.')?;
    if rest.is_empty() {
        return Some(Vec::new());
    }
    let names: Vec<_> = rest.split('.').map(str::to_owned).collect();
    let valid = |name: &String| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    names.iter().all(valid).then_some(names)
}

/// What Go prints for a key that a map of texts does not have.
const NO_VALUE: Value = Value::Null;

fn find<'a>(value: &'a Value, field: &Field) -> Result<&'a Value> {
    let mut found = value;
    for (depth, name) in field.path.iter().enumerate() {
        found = match found.get(name) {
            Some(next) => next,
            // The attributes of an event: some have a signal, some have not.
            None if depth > 0 && field.path[depth - 1] == "Attributes" => &NO_VALUE,
            None => return Err(field.missing(name, found.is_object())),
        };
    }
    Ok(found)
}

/// Fields that are lists in Docker, where nothing is an empty list, not `<nil>`.
const LISTS: [&str; 4] = ["Entrypoint", "Cmd", "Env", "Args"];

/// A value as Go's `{{.}}` prints it.
fn go(value: &Value, name: Option<&String>) -> String {
    match value {
        Value::Null if name.is_some_and(|name| LISTS.contains(&name.as_str())) => "[]".to_owned(),
        Value::Null => "<nil>".to_owned(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Array(list) => {
            let items: Vec<_> = list.iter().map(|item| go(item, None)).collect();
            format!("[{}]", items.join(" "))
        }
        Value::Object(map) => {
            let items: Vec<_> = map
                .iter()
                .map(|(key, value)| format!("{key}:{}", go(value, Some(key))))
                .collect();
            format!("map[{}]", items.join(" "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn render(text: &str) -> std::result::Result<String, String> {
        let value = json!({"State": {"Status": "exited", "ExitCode": 3, "Running": false},
            "Args": ["a", "b"], "Labels": {"x": "y", "k": null}, "Entrypoint": null, "Init": null});
        let filled = Template::parse(text).and_then(|template| template.render(&value));
        filled.map_err(|error| error.to_string())
    }

    #[test]
    fn fields_and_text() {
        assert_eq!(
            render("{{.State.Status}} {{ .State.ExitCode }}!"),
            Ok("exited 3!".into())
        );
        assert_eq!(
            render("{{.Args}}{{.Entrypoint}}{{.Init}}"),
            Ok("[a b][]<nil>".into())
        );
        assert_eq!(render("{{.Labels}}"), Ok("map[k:<nil> x:y]".into()));
        assert_eq!(
            render("{{json .Args}} {{index .Labels \"x\"}} {{index .Args 1}}"),
            Ok("[\"a\",\"b\"] y b".into())
        );
    }

    #[test]
    fn what_is_wrong_is_said() {
        assert_eq!(
            render("{{.Foo}}"),
            Err(
                "template: :1:2: executing \"\" at <.Foo>: map has no entry for key \"Foo\"".into()
            )
        );
        assert_eq!(
            render("{{.Foo"),
            Err("template: :1: unclosed action".into())
        );
        for text in [
            "{{range .A}}",
            "{{if .A}}x{{end}}",
            "{{.A | json}}",
            "{{json}}",
            "{{.A..B}}",
            "{{}}",
            "{{json .Args x}}",
        ] {
            assert!(render(text).is_err(), "{text}");
        }
    }
}
