//! Who may ask: the browser that was given the link, and no other page in it.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{COOKIE, HOST, LOCATION, ORIGIN, SET_COOKIE};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// What is asked of each request.
#[derive(Debug)]
pub struct Guard {
    /// The names and the port by which a browser on this machine reaches us.
    hosts: [String; 3],
    secret: String,
}

/// The cookie that holds the secret.
const NAME: &str = "live-book";

impl Guard {
    /// A guard of the server on this port.
    pub fn new(port: u16, secret: String) -> Guard {
        let hosts = ["127.0.0.1", "localhost", "[::1]"].map(|name| format!("{name}:{port}"));
        Guard { hosts, secret }
    }

    /// The link that opens the book.
    pub fn link(&self) -> String {
        format!("http://{}/?key={}", self.hosts[0], self.secret)
    }

    /// Why a request is refused.
    fn refuses(&self, method: &Method, headers: &HeaderMap) -> Option<(StatusCode, &'static str)> {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        // Another site's name that was made to lead here (DNS rebinding) stands in Host.
        let host = text(HOST.as_str()).unwrap_or_default();
        if !self.hosts.iter().any(|known| known == host) {
            return Some((
                StatusCode::MISDIRECTED_REQUEST,
                "this server has another name\n",
            ));
        }
        // A browser says which site's page asks; only ours may. What changes something must say it.
        let origin = text(ORIGIN.as_str());
        let own = origin.is_some_and(|origin| origin == format!("http://{host}"));
        let reads = matches!(*method, Method::GET | Method::HEAD);
        if !own && (origin.is_some() || !reads) {
            return Some((StatusCode::FORBIDDEN, "another site's page may not ask\n"));
        }
        let cookies = headers.get_all(COOKIE).iter();
        let known = cookies
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .any(|cookie| cookie.trim().split_once('=') == Some((NAME, self.secret.as_str())));
        (!known).then_some((
            StatusCode::FORBIDDEN,
            "open the link that `cargo xtask book serve` has printed\n",
        ))
    }
}

/// Lets a request through, or refuses it. The link is exchanged for a cookie that no script can read and that no other
/// site's page can have sent.
pub async fn check(State(guard): State<Arc<Guard>>, request: Request, next: Next) -> Response {
    let (method, uri) = (request.method(), request.uri());
    let by_link = *method == Method::GET
        && uri.path() == "/"
        && uri.query() == Some(&format!("key={}", guard.secret));
    match guard.refuses(method, request.headers()) {
        Some((StatusCode::FORBIDDEN, _)) | None if by_link => {
            let cookie = format!("{NAME}={}; HttpOnly; SameSite=Strict; Path=/", guard.secret);
            let headers = [(SET_COOKIE, cookie.as_str()), (LOCATION, "/")];
            (StatusCode::SEE_OTHER, headers).into_response()
        }
        Some(refusal) => refusal.into_response(),
        None => next.run(request).await,
    }
}
