//! For machines: one JSON document.

use anyhow::Result;
use serde::{Serialize, Serializer};

/// A value as JSON that people can read, too.
pub fn render(value: &impl Serialize) -> Result<String> {
    Ok(serde_json::to_string_pretty(value)? + "\n")
}

/// Values as JSON lines.
pub fn lines(values: &[impl Serialize]) -> Result<String> {
    let mut text = String::new();
    for value in values {
        text += &(serde_json::to_string(value)? + "\n");
    }
    Ok(text)
}

/// Colours are for people.
pub fn plain<S: Serializer>(text: &Option<String>, to: S) -> Result<S::Ok, S::Error> {
    let plain = text
        .as_ref()
        .map(|text| anstream::adapter::strip_str(text).to_string());
    plain.serialize(to)
}
