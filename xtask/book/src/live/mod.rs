//! The live book: the pages with buttons that run their console blocks. The buttons, and what they need, come from this
//! server alone: what any other server shows of the same pages has none.
//!
//! It runs commands, so it trusts nobody but the browser that was given the link ([`guard`]), and runs nothing but this
//! book's own blocks, by their numbers ([`runs`]).

mod files;
mod guard;
mod page;
mod runs;

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::header::CONTENT_TYPE;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};
use tower_http::services::ServeDir;

pub use self::guard::Guard;
pub use self::runs::Runs;

/// What a request for a run may have, in bytes.
const BODY: usize = 1024;

/// The pages of `pages`, with buttons; for those that [`guarded`] lets in.
pub fn app(pages: &Path, runs: Arc<Runs>) -> Router {
    let file = |kind: &'static str, text: &'static str| {
        get(move || async move { ([(CONTENT_TYPE, kind)], text) })
    };
    Router::new()
        .route("/live.js", file("text/javascript", include_str!("live.js")))
        .route("/live.css", file("text/css", include_str!("live.css")))
        .route("/live/run", post(runs::run))
        .route("/live/stop", post(runs::stop))
        .route("/live/files", post(files::files))
        .with_state(runs)
        .layer(DefaultBodyLimit::max(BODY))
        .fallback_service(ServeDir::new(pages))
        .layer(from_fn(page::with_script))
}

/// All that `app` has, for the browser that was given the link.
pub fn guarded(app: Router, guard: Arc<Guard>) -> Router {
    app.layer(from_fn_with_state(guard, guard::check))
}

/// 128 bits that nobody can guess, as text.
pub fn secret() -> Result<String> {
    use std::io::Read;
    let mut bytes = [0; 16];
    std::fs::File::open("/dev/urandom")
        .and_then(|mut random| random.read_exact(&mut bytes))
        .context("cannot read /dev/urandom")?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests;
