//! Attacks on the server, and that each request which is refused is let through without what is wrong with it.

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use axum::body::{Body, BodyDataStream, to_bytes};
use axum::http::{Request, StatusCode};
use axum::response::Response;
use tempfile::TempDir;
use tokio_stream::StreamExt as _;
use tower::ServiceExt;

use super::*;

const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// A book with two chapters, and a runner that does what `first` says, says what it was called with, and does what `then`
/// says.
struct Live {
    folder: TempDir,
    runs: Arc<Runs>,
    app: Router,
}

fn live(first: &str, then: &str) -> Live {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    for name in [
        "book/src",
        "pages",
        "labs/03-shell-form",
        "labs/04-exit-codes",
    ] {
        std::fs::create_dir_all(path(name)).unwrap();
    }
    for name in ["03-shell-form", "04-exit-codes", "glossary"] {
        std::fs::write(path(&format!("book/src/{name}.md")), "").unwrap();
    }
    std::fs::write(path("pages/index.html"), "<html><body>hello</body></html>").unwrap();
    std::fs::write(path("secret.txt"), "not a page").unwrap();
    let runner = path("runner");
    let called = r#"echo "{\"event\": \"called\", \"with\": \"$*\"}""#;
    let script = format!("#!/bin/sh\n{first}\n{called}\n{then}\n");
    std::fs::write(&runner, script).unwrap();
    std::fs::set_permissions(&runner, std::fs::Permissions::from_mode(0o755)).unwrap();
    let runs = Arc::new(Runs::new(runner, &path("book")));
    let guard = Arc::new(Guard::new(3001, SECRET.into()));
    let app = guarded(app(&path("pages"), Arc::clone(&runs)), guard);
    Live { folder, runs, app }
}

impl Live {
    async fn ask(&self, request: Request<Body>) -> Response {
        self.app.clone().oneshot(request).await.unwrap()
    }

    /// A request as this book's page makes it, but with these headers in the place of its own; without those that are
    /// empty.
    async fn post(&self, path: &str, body: &str, headers: &[(&str, &str)]) -> Response {
        let cookie = format!("other=1; live-book={SECRET}");
        let mut all = vec![
            ("host", "127.0.0.1:3001"),
            ("origin", "http://127.0.0.1:3001"),
            ("cookie", cookie.as_str()),
            ("content-type", "application/json"),
        ];
        for (name, value) in headers {
            all.retain(|(known, _)| known != name);
            all.push((name, value));
        }
        let mut request = Request::post(path);
        for (name, value) in all.into_iter().filter(|(_, value)| !value.is_empty()) {
            request = request.header(name, value);
        }
        self.ask(request.body(body.to_owned().into()).unwrap())
            .await
    }
}

async fn text(response: Response) -> String {
    let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

const RUN: &str = r#"{"page": "03-shell-form", "block": 2, "engine": "pocket"}"#;

#[tokio::test]
async fn only_this_books_page_may_run_anything() {
    let live = live("", "");
    let refused: [(&[(&str, &str)], u16); 9] = [
        (&[("cookie", "")], 403),
        (
            &[("cookie", "live-book=ffffffffffffffffffffffffffffffff")],
            403,
        ),
        (&[("cookie", "live-book=")], 403),
        // Another site's page, a page without a site, no page at all.
        (&[("origin", "http://evil.example")], 403),
        (&[("origin", "null")], 403),
        (&[("origin", "")], 403),
        // Another site's name that leads here.
        (&[("host", "evil.example:3001")], 421),
        (&[("host", "127.0.0.1:3002")], 421),
        (
            &[
                ("host", "evil.example:3001"),
                ("origin", "http://evil.example:3001"),
            ],
            421,
        ),
    ];
    for (headers, status) in refused {
        for path in ["/live/run", "/live/stop", "/live/files"] {
            let answer = live.post(path, RUN, headers).await;
            assert_eq!(answer.status(), status, "{path} {headers:?}");
        }
    }
    // A form of another site's can send no JSON.
    let form = live
        .post("/live/run", RUN, &[("content-type", "text/plain")])
        .await;
    assert_eq!(form.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    // The control.
    let answer = live.post("/live/run", RUN, &[]).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let told = text(answer).await;
    assert!(
        told.contains("lab 03-shell-form --format jsonl --engine pocket --blocks 2"),
        "{told}"
    );
    assert!(
        told.ends_with("{\"event\":\"ended\",\"said\":\"\",\"status\":0}\n"),
        "{told}"
    );
    let names = [
        ("host", "localhost:3001"),
        ("origin", "http://localhost:3001"),
    ];
    assert_eq!(
        live.post("/live/run", RUN, &names).await.status(),
        StatusCode::OK
    );
}

#[tokio::test]
async fn nothing_but_blocks_of_this_book_runs() {
    let live = live("", "touch ran");
    for wrong in [
        r#"{"page": "glossary"}"#,
        r#"{"page": "../03-shell-form"}"#,
        r#"{"page": "--all"}"#,
        r#"{"page": "03-shell-form; touch ran"}"#,
        r#"{"page": "03-shell-form", "block": "2; touch ran"}"#,
        r#"{"page": "03-shell-form", "block": -1}"#,
        r#"{"page": "03-shell-form", "engine": "/bin/sh"}"#,
        r#"{"page": "03-shell-form", "command": "touch ran"}"#,
        r#"{"page": ["03-shell-form"]}"#,
        "",
        "{",
    ] {
        let answer = live.post("/live/run", wrong, &[]).await;
        assert!(
            answer.status().is_client_error(),
            "{wrong}: {}",
            answer.status()
        );
    }
    let huge = format!(r#"{{"page": "{}"}}"#, "x".repeat(BODY));
    let answer = live.post("/live/run", &huge, &[]).await;
    assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert!(!live.folder.path().join("ran").exists() && live.runs.is_idle());
}

#[tokio::test]
async fn the_link_gives_a_cookie_and_pages_have_buttons() {
    let live = live("", "");
    let get = |path: &str, cookie: &str| {
        let request = Request::get(path)
            .header("host", "127.0.0.1:3001")
            .header("cookie", cookie);
        live.ask(request.body(Body::empty()).unwrap())
    };
    let answer = get(&format!("/?key={SECRET}"), "").await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert_eq!(
        cookie,
        format!("live-book={SECRET}; HttpOnly; SameSite=Strict; Path=/")
    );
    assert_eq!(answer.headers()["location"], "/");
    for path in [
        "/",
        "/live.js",
        "/?key=",
        "/?key=ffffffffffffffffffffffffffffffff",
        "/index.html",
    ] {
        assert_eq!(
            get(path, "").await.status(),
            StatusCode::FORBIDDEN,
            "{path}"
        );
    }
    let ours = cookie.split(';').next().unwrap();
    let page = text(get("/index.html", ours).await).await;
    assert!(
        page.contains("hello") && page.contains("/live.js"),
        "{page}"
    );
    assert_eq!(get("/live.js", ours).await.status(), StatusCode::OK);
    for outside in ["/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt"] {
        let answer = get(outside, ours).await;
        assert!(!text(answer).await.contains("not a page"), "{outside}");
    }
}

/// Waits until it is so; the test fails if it never is.
async fn until(so: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !so() {
        assert!(Instant::now() < end, "it never came to that");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Waits until a run has said something, and returns the rest.
async fn begun(response: Response) -> BodyDataStream {
    assert_eq!(response.status(), StatusCode::OK);
    let mut said = response.into_body().into_data_stream();
    said.next().await.unwrap().unwrap();
    said
}

#[tokio::test]
async fn a_run_is_stopped_by_the_button_by_a_tab_that_closes_and_with_the_server() {
    let live = live(
        "trap 'touch \"$0.stopped\"; exit 130' INT",
        "while :; do sleep 0.01; done",
    );
    let stopped = live.folder.path().join("runner.stopped");
    // By the button; and two tabs are told about each other.
    let mut running = begun(live.post("/live/run", RUN, &[]).await).await;
    let second = live.post("/live/run", RUN, &[]).await;
    assert_eq!(second.status(), StatusCode::CONFLICT);
    let page = r#"{"page": "03-shell-form"}"#;
    let stop = live.post("/live/stop", page, &[]).await;
    assert_eq!(stop.status(), StatusCode::NO_CONTENT);
    let last = running.next().await.unwrap().unwrap();
    assert!(last.ends_with(b"\"status\":130}\n"), "{last:?}");
    assert!(live.runs.is_idle() && stopped.exists());
    let again = live.post("/live/stop", page, &[]).await;
    assert_eq!(again.status(), StatusCode::NOT_FOUND);
    std::fs::remove_file(&stopped).unwrap();
    // By a tab that closes.
    let other = r#"{"page": "04-exit-codes"}"#;
    drop(begun(live.post("/live/run", other, &[]).await).await);
    until(|| live.runs.is_idle() && stopped.exists()).await;
    std::fs::remove_file(&stopped).unwrap();
    // With the server.
    let _running = begun(live.post("/live/run", RUN, &[]).await).await;
    live.runs.end().await;
    assert!(live.runs.is_idle() && stopped.exists());
}

#[tokio::test]
async fn a_hundred_requests_at_once_start_no_more_than_one_run_a_chapter() {
    let live = live("", "echo >> \"$0.started\"; exec cat \"$0.fifo\"");
    let fifo = live.folder.path().join("runner.fifo");
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let first = begun(live.post("/live/run", RUN, &[]).await).await;
    for _ in 0..100 {
        let answer = live.post("/live/run", RUN, &[]).await;
        assert_eq!(answer.status(), StatusCode::CONFLICT);
    }
    drop(first);
    until(|| live.runs.is_idle()).await;
    let started = std::fs::read_to_string(live.folder.path().join("runner.started")).unwrap();
    assert_eq!(started, "\n");
}

/// The files of an exercise, and no others, whatever a request calls them.
#[tokio::test]
async fn the_readers_files_are_shown_as_they_are() {
    let live = live("", "");
    let folder = live.folder.path().join("labs/03-shell-form/exercise");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("Dockerfile"), "FROM <one>\n").unwrap();
    std::fs::write(folder.join(".Dockerfile.swp"), "an editor's").unwrap();
    let ask = async || {
        let answer = live
            .post("/live/files", r#"{"page": "03-shell-form"}"#, &[])
            .await;
        assert_eq!(answer.status(), 200);
        serde_json::from_str::<serde_json::Value>(&text(answer).await).unwrap()
    };
    let first = ask().await;
    let path = "labs/03-shell-form/exercise/Dockerfile";
    let wanted = serde_json::json!([{ "path": path, "text": "FROM <one>\n" }]);
    assert_eq!(first["files"], wanted);
    assert_eq!(ask().await["sum"], first["sum"]);
    std::fs::write(folder.join("Dockerfile"), "FROM two\n").unwrap();
    assert_ne!(ask().await["sum"], first["sum"]);
    for page in ["glossary", "../secret.txt", "..", "", "03-shell-form/../.."] {
        let body = serde_json::json!({ "page": page }).to_string();
        let answer = live.post("/live/files", &body, &[]).await;
        assert_eq!(answer.status(), 404, "{page}");
    }
}
