//! The room of a workshop that is led: results go there, and nothing else.

use std::collections::VecDeque;
use std::fs;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::events::Event;
use crate::source::KEPT;

/// A seat in a room.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Seat {
    url: String,
    /// The name there.
    pub name: String,
    token: String,
}

/// What the room is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sent {
    /// The exercise.
    pub exercise: String,
    /// Whether it passed.
    pub passed: bool,
    /// The key of its hint, if it did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// How long the room may take over an answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long until a room that did not answer is asked again.
const AGAIN: Duration = Duration::from_secs(3);

/// How long the end of the workshop waits for the last result to be sent.
const FAREWELL: Duration = Duration::from_secs(2);

/// So many results wait for a room that does not answer; the oldest goes.
const WAITING: usize = 100;

fn file(root: &Path) -> PathBuf {
    root.join(KEPT).join("room.json")
}

impl Seat {
    /// Joins the room at `url`, and keeps the seat for the next start.
    pub fn join(root: &Path, url: &str, code: &str, name: &str) -> Result<Seat> {
        let url = url.trim_end_matches('/').to_owned();
        if !url.starts_with("http://") {
            bail!("{url} is no room: it begins with http://, as the leader's screen has it");
        }
        #[derive(Deserialize)]
        struct Answer {
            token: String,
        }
        let said = post(&url, "join", "", &json!({ "code": code, "name": name }))?;
        let Answer { token } =
            serde_json::from_str(&said).with_context(|| format!("{url} is no room"))?;
        let seat = Seat {
            url,
            name: name.trim().to_owned(),
            token,
        };
        let path = file(root);
        let context = || format!("cannot write {}", path.display());
        fs::create_dir_all(root.join(KEPT)).with_context(context)?;
        let _ = fs::remove_file(&path);
        // Whoever reads the token speaks for this learner.
        let mut options = fs::OpenOptions::new();
        let mut file = options
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .with_context(context)?;
        serde_json::to_writer(&mut file, &seat).with_context(context)?;
        Ok(seat)
    }

    /// The seat that was kept, if there is one.
    pub fn kept(root: &Path) -> Option<Seat> {
        serde_json::from_str(&fs::read_to_string(file(root)).ok()?).ok()
    }

    /// Leaves: the room forgets this learner.
    pub fn leave(self, root: &Path) -> Result<()> {
        let said = post(&self.url, "leave", &self.token, &json!({}));
        // Who is not known there has left already.
        if let Err(error) = said
            && !error.is::<Stranger>()
        {
            return Err(error);
        }
        fs::remove_file(file(root)).context("cannot forget the room")
    }

    /// Begins to send, in the background.
    pub fn sit(self, to: Sender<Event>) -> Sitting {
        let (sender, results) = channel();
        let (told, finished) = channel();
        thread::spawn(move || {
            self.send_all(&results, &to);
            let _ = told.send(());
        });
        Sitting {
            results: Some(sender),
            finished,
        }
    }

    fn send_all(&self, results: &Receiver<Sent>, to: &Sender<Event>) {
        let mut waiting: VecDeque<Sent> = VecDeque::new();
        let (mut answers, mut open) = (true, true);
        while open || !waiting.is_empty() {
            match results.recv_timeout(if waiting.is_empty() {
                Duration::MAX
            } else {
                AGAIN
            }) {
                Ok(sent) => waiting.push_back(sent),
                Err(RecvTimeoutError::Timeout) => {}
                // The workshop is about to end: one more try, and no waiting.
                Err(RecvTimeoutError::Disconnected) => open = false,
            }
            while let Some(first) = waiting.front() {
                let sent = post(&self.url, "result", &self.token, &json!(first));
                let news = match &sent {
                    Ok(_) if answers => None,
                    Ok(_) => Some("The room answers again.".to_owned()),
                    Err(error) if error.is::<Stranger>() => {
                        let text = "The room does not know you any more: join again with --join.";
                        let _ = to.send(Event::Room(text.into()));
                        return;
                    }
                    Err(error) if answers => Some(format!(
                        "The room does not answer ({error:#}); your results will be sent later."
                    )),
                    Err(_) => None,
                };
                answers = sent.is_ok();
                if let Some(news) = news {
                    let _ = to.send(Event::Room(news));
                }
                if sent.is_err() {
                    break;
                }
                waiting.pop_front();
            }
            if !open {
                return;
            }
            let over = waiting.len().saturating_sub(WAITING);
            waiting.drain(..over);
        }
    }
}

/// A learner who sits in a room.
#[derive(Debug)]
pub struct Sitting {
    results: Option<Sender<Sent>>,
    finished: Receiver<()>,
}

impl Sitting {
    /// Tells the room, as soon as it answers.
    pub fn tell(&self, sent: Sent) {
        if let Some(results) = &self.results {
            let _ = results.send(sent);
        }
    }
}

impl Drop for Sitting {
    fn drop(&mut self) {
        self.results = None;
        let _ = self.finished.recv_timeout(FAREWELL);
    }
}

/// The room does not know the token.
#[derive(Debug)]
struct Stranger;

impl std::fmt::Display for Stranger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the room does not know you")
    }
}

impl std::error::Error for Stranger {}

fn post(url: &str, what: &str, token: &str, body: &serde_json::Value) -> Result<String> {
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(PATIENCE))
        .max_redirects(0)
        .build();
    let agent: ureq::Agent = config.into();
    let request = agent
        .post(format!("{url}/api/{what}"))
        .header("Authorization", format!("Bearer {token}"));
    let mut answer = request.send_json(body)?;
    let said = answer
        .body_mut()
        .with_config()
        .limit(1 << 16)
        .read_to_string()?;
    match answer.status().as_u16() {
        200..=299 => Ok(said),
        401 => Err(Stranger.into()),
        status => bail!("{} ({status})", said.trim_end()),
    }
}
