//! The reader's own files of an exercise, as they are on disk.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;

use super::runs::{Runs, Which};

/// No answer to an exercise is longer, in bytes; of what is, the page shows the beginning.
const LONGEST: usize = 64 << 10;

/// A file of the exercise.
#[derive(Debug, Hash, Serialize)]
struct File {
    /// Below the checkout.
    path: String,
    text: String,
}

/// Answers with the files of a chapter's exercise, and a number that is another one when they are.
pub async fn files(State(runs): State<Arc<Runs>>, Json(which): Json<Which>) -> Response {
    let Some(folder) = runs.exercise(&which.page) else {
        let text = format!("{} is no chapter of this book\n", which.page);
        return (StatusCode::NOT_FOUND, text).into_response();
    };
    let files = read(&folder, &which.page);
    let mut sum = DefaultHasher::new();
    files.hash(&mut sum);
    Json(json!({ "files": files, "sum": format!("{:016x}", sum.finish()) })).into_response()
}

/// What an editor puts beside a file is left out. So is what has gone meanwhile: the next look sees that.
fn read(folder: &Path, page: &str) -> Vec<File> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<File> = entries
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let editors = name.starts_with(['.', '#']) || name.ends_with('~');
            let mut bytes = std::fs::read(entry.path()).ok().filter(|_| !editors)?;
            bytes.truncate(LONGEST);
            Some(File {
                path: format!("labs/{page}/exercise/{name}"),
                text: String::from_utf8_lossy(&bytes).into_owned(),
            })
        })
        .collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}
