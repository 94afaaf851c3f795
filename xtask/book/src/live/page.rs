//! The script on each page.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, ETAG, LAST_MODIFIED};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// No page of the book is larger, in bytes.
const LARGEST: usize = 32 << 20;

/// What is put before the end of a page.
const SCRIPT: &str = "<link rel=\"stylesheet\" href=\"/live.css\"><script type=\"module\" src=\"/live.js\"></script>";

/// Adds the script to what is a page.
pub async fn with_script(mut request: Request, next: Next) -> Response {
    // A page that the browser has from another server, or from before, has no script.
    for header in ["if-modified-since", "if-none-match", "range"] {
        request.headers_mut().remove(header);
    }
    let response = next.run(request).await;
    let kind = response.headers().get(CONTENT_TYPE);
    if !kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html")) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, LARGEST).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let text = String::from_utf8_lossy(&bytes).replacen("</body>", &format!("{SCRIPT}</body>"), 1);
    for header in [CONTENT_LENGTH, ETAG, LAST_MODIFIED] {
        parts.headers.remove(header);
    }
    Response::from_parts(parts, Body::from(text))
}
