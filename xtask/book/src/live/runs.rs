//! Runs of the book's own blocks: started, followed, stopped.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::Deserialize;
use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::{Notify, mpsc};
use tokio_stream::wrappers::ReceiverStream;

/// So many at once: the machine has other things to do.
const AT_ONCE: usize = 4;

/// The runs that are under way.
#[derive(Debug)]
pub struct Runs {
    /// The runner.
    program: PathBuf,
    /// The chapters that can be run, and where their labs are.
    labs: Vec<String>,
    folder: PathBuf,
    /// The runner of each lab that runs; none where it has said all and only has to end.
    running: Mutex<HashMap<String, Option<Pid>>>,
    /// Told when one has ended.
    ended: Notify,
}

/// What a page asks for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wish {
    /// `03-shell-form`.
    page: String,
    /// The console block up to which it is run, from 1; all of them without.
    block: Option<u16>,
    /// Grade the exercise instead.
    #[serde(default)]
    exercise: bool,
    /// On which engine.
    #[serde(default)]
    engine: Engine,
}

/// An engine, by the runner's names.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Engine {
    #[default]
    Auto,
    Docker,
    Podman,
    Pocket,
}

/// Which chapter: its run is to be stopped, its files are to be shown.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Which {
    pub(super) page: String,
}

impl Runs {
    /// The runs of the course whose book is at `book`, by this runner.
    pub fn new(program: PathBuf, book: &Path) -> Runs {
        let pages = std::fs::read_dir(book.join("src")).into_iter().flatten();
        let names = pages
            .flatten()
            .filter_map(|page| Some(page.file_name().to_str()?.strip_suffix(".md")?.to_owned()));
        Runs {
            program,
            labs: names
                .filter(|name| book.join("../labs").join(name).is_dir())
                .collect(),
            folder: book.join("../labs"),
            running: Mutex::default(),
            ended: Notify::new(),
        }
    }

    /// Where the reader's answer to a chapter's exercise is; none for what is no chapter.
    pub fn exercise(&self, page: &str) -> Option<PathBuf> {
        let known = self.labs.iter().any(|lab| lab == page);
        known.then(|| self.folder.join(page).join("exercise"))
    }

    fn running(&self) -> MutexGuard<'_, HashMap<String, Option<Pid>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stops one, as Ctrl-C does; whether there was one.
    fn interrupt(&self, page: &str) -> bool {
        // Nobody has waited for it while its number is in the list, so it is its own.
        let pid = self.running().get(page).copied().flatten();
        pid.is_some_and(|pid| kill(pid, Signal::SIGINT).is_ok())
    }

    /// Stops all of them, and waits until they have cleaned up.
    pub async fn end(&self) {
        let pages: Vec<String> = self.running().keys().cloned().collect();
        for page in pages {
            self.interrupt(&page);
        }
        loop {
            let ended = self.ended.notified();
            if self.running().is_empty() {
                return;
            }
            ended.await;
        }
    }

    /// Does nothing run?
    #[cfg(test)]
    pub fn is_idle(&self) -> bool {
        self.running().is_empty()
    }

    fn start(&self, wish: &Wish) -> Result<Child, (StatusCode, String)> {
        if !self.labs.contains(&wish.page) {
            let text = format!("{} is no chapter of this book\n", wish.page);
            return Err((StatusCode::NOT_FOUND, text));
        }
        let mut running = self.running();
        if running.contains_key(&wish.page) {
            let text = "this chapter is being run already, perhaps from another tab\n";
            return Err((StatusCode::CONFLICT, text.into()));
        }
        if running.len() >= AT_ONCE {
            let text = format!("{AT_ONCE} chapters are being run; wait for one of them\n");
            return Err((StatusCode::TOO_MANY_REQUESTS, text));
        }
        let engine = match wish.engine {
            Engine::Auto => "auto",
            Engine::Docker => "docker",
            Engine::Podman => "podman",
            Engine::Pocket => "pocket",
        };
        let verb = if wish.exercise { "exercise" } else { "lab" };
        let mut command = Command::new(&self.program);
        command.args([verb, &wish.page, "--format", "jsonl", "--engine", engine]);
        if let (Some(block), false) = (wish.block, wish.exercise) {
            command.args(["--blocks", &block.to_string()]);
        }
        command
            // The runner works on the checkout that it is started in: the one whose pages are served.
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Its own Ctrl-C comes from us, once.
            .process_group(0);
        let failed = |error: &dyn std::fmt::Display| {
            let text = format!("cannot start the runner: {error}\n");
            (StatusCode::INTERNAL_SERVER_ERROR, text)
        };
        let child = command.spawn().map_err(|error| failed(&error))?;
        let pid = child.id().ok_or_else(|| failed(&"it has ended"))?;
        running.insert(wish.page.clone(), Some(Pid::from_raw(pid.cast_signed())));
        Ok(child)
    }
}

/// Runs blocks, and answers with what happens, a line of JSON each, as the runner says it. Whoever goes away stops it.
pub async fn run(State(runs): State<Arc<Runs>>, Json(wish): Json<Wish>) -> Response {
    let child = match runs.start(&wish) {
        Ok(child) => child,
        Err(refusal) => return refusal.into_response(),
    };
    let (lines, body) = mpsc::channel(64);
    tokio::spawn(follow(runs, wish.page, child, lines));
    let kind = [(CONTENT_TYPE, "application/x-ndjson")];
    (kind, Body::from_stream(ReceiverStream::new(body))).into_response()
}

/// Hands on what the runner says, and at last how it ended.
async fn follow(
    runs: Arc<Runs>,
    page: String,
    mut child: Child,
    lines: mpsc::Sender<Result<String, std::io::Error>>,
) {
    let stderr = child.stderr.take();
    let complaints = tokio::spawn(async move {
        let mut said = Vec::new();
        if let Some(stderr) = stderr {
            // What came before an error is what there is.
            let _ = stderr.take(1 << 16).read_to_end(&mut said).await;
        }
        String::from_utf8_lossy(&said).into_owned()
    });
    if let Some(stdout) = child.stdout.take() {
        let mut from = BufReader::new(stdout).lines();
        loop {
            tokio::select! {
                line = from.next_line() => match line {
                    Ok(Some(line)) => {
                        // Whoever has gone away is seen below.
                        let _ = lines.send(Ok(line + "\n")).await;
                    }
                    Ok(None) | Err(_) => break,
                },
                () = lines.closed() => {
                    runs.interrupt(&page);
                    // What it still says is for nobody, but it must be able to say it.
                    while let Ok(Some(_)) = from.next_line().await {}
                    break;
                }
            }
        }
    }
    // Before it is waited for: then the number may be another process's.
    runs.running().insert(page.clone(), None);
    let status = child.wait().await.ok().and_then(|status| status.code());
    runs.running().remove(&page);
    let said = complaints.await.unwrap_or_default();
    let last = json!({"event": "ended", "status": status, "said": said});
    let _ = lines.send(Ok(format!("{last}\n"))).await;
    runs.ended.notify_waiters();
}

/// Stops the run of a chapter.
pub async fn stop(State(runs): State<Arc<Runs>>, Json(which): Json<Which>) -> Response {
    match runs.interrupt(&which.page) {
        true => StatusCode::NO_CONTENT.into_response(),
        false => (
            StatusCode::NOT_FOUND,
            "nothing of this chapter is running\n",
        )
            .into_response(),
    }
}
