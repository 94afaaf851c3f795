//! The part of Go's templates that `--format` is used with: `{{.A.B}}`, `{{json .A}}`,
//! `{{index .A "key"}}`, and text around.

use serde_json::Value;

/// A template, parsed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Template(Vec<Part>);

#[derive(Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    /// `.A.B`, as its names; none for `.`.
    Field(Vec<String>),
    Json(Vec<String>),
    Index(Vec<String>, Vec<String>),
}

impl Template {
    /// Parses; the error is a text in Go's words.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            if !before.is_empty() {
                parts.push(Part::Text(before.to_owned()));
            }
            let (action, tail) = after
                .split_once("}}")
                .ok_or("template: :1: unclosed action")?;
            parts.push(action_of(action.trim())?);
            rest = tail;
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Ok(Self(parts))
    }

    /// Fills it in.
    pub(crate) fn render(&self, value: &Value) -> Result<String, String> {
        let mut out = String::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Field(path) => out.push_str(&go(find(value, path)?, path.last())),
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
            Part::Field(path) | Part::Json(path) | Part::Index(path, _) => {
                let name = path.last().map(String::as_str).unwrap_or_default();
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

fn action_of(action: &str) -> Result<Part, String> {
    let action = action.strip_prefix('-').unwrap_or(action);
    let action = action.strip_suffix('-').unwrap_or(action).trim();
    let unsupported = || {
        format!(
            "template: :1: pocket's templates know {{{{.Field}}}}, {{{{json .Field}}}} and {{{{index .Field \"key\"}}}}, not {{{{{action}}}}}"
        )
    };
    let mut words = action.split_whitespace();
    let part = match words.next() {
        None => return Err("template: :1: missing value for command".to_owned()),
        Some("json") => {
            Part::Json(path_of(words.next().unwrap_or_default()).ok_or_else(unsupported)?)
        }
        Some("index") => {
            let path = path_of(words.next().unwrap_or_default()).ok_or_else(unsupported)?;
            let keys = words
                .by_ref()
                .map(|key| key.trim_matches('"').to_owned())
                .collect();
            Part::Index(path, keys)
        }
        Some(field) => Part::Field(path_of(field).ok_or_else(unsupported)?),
    };
    if words.next().is_some() {
        return Err(unsupported());
    }
    Ok(part)
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

fn find<'a>(value: &'a Value, path: &[String]) -> Result<&'a Value, String> {
    let mut found = value;
    for (depth, name) in path.iter().enumerate() {
        found = found.get(name).ok_or_else(|| {
            let so_far: String = path[..=depth].iter().map(|name| format!(".{name}")).collect();
            match found {
                Value::Object(_) => {
                    format!("template: :1:2: executing \"\" at <{so_far}>: map has no entry for key \"{name}\"")
                }
                _ => format!("template: :1:2: executing \"\" at <{so_far}>: can't evaluate field {name}"),
            }
        })?;
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

    fn render(text: &str) -> Result<String, String> {
        let value = json!({"State": {"Status": "exited", "ExitCode": 3, "Running": false},
            "Args": ["a", "b"], "Labels": {"x": "y", "k": null}, "Entrypoint": null, "Init": null});
        Template::parse(text)?.render(&value)
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
