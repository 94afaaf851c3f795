//! `--filter`.

/// `KEY=VALUE`, split.
pub(crate) fn read_filter(list: &mut Vec<(String, String)>, text: &str) -> Result<(), String> {
    let (key, value) = text
        .split_once('=')
        .ok_or_else(|| "bad format of filter (expected name=value)".to_owned())?;
    list.push((key.to_owned(), value.to_owned()));
    Ok(())
}
