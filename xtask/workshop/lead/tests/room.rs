//! A room over the network: three hundred learners, and one who means no good.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::thread;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use xtask_lead::room::{Exercise, Room};
use xtask_lead::serve;

/// A server in a thread of its own.
struct Server {
    address: SocketAddr,
    room: Arc<Room>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Server {
    fn start(folder: &TempDir) -> Server {
        let exercises = (1..=14).map(|number| Exercise {
            slug: format!("{number:02}-x"),
            title: "X".into(),
        });
        let room = Room::open(&folder.path().join("room.sqlite"), exercises.collect()).unwrap();
        let room = Arc::new(room);
        let (stop, stopped) = oneshot::channel();
        let (say, address) = std::sync::mpsc::channel();
        let served = Arc::clone(&room);
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.unwrap().block_on(async {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                say.send(listener.local_addr().unwrap()).unwrap();
                serve::serve(listener, served, stopped)
                    .await
                    .unwrap()
                    .unwrap();
            });
        });
        Server {
            address: address.recv().unwrap(),
            room,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    fn post(&self, path: &str, token: &str, body: &Value) -> (u16, String) {
        post(self.address, path, token, body)
    }

    fn join(&self, name: &str) -> (u16, String) {
        let code = self.room.code();
        let (status, said) = self.post("join", "", &json!({ "code": code, "name": name }));
        let token = serde_json::from_str::<Value>(&said).ok();
        let token = token.and_then(|it| Some(it["token"].as_str()?.to_owned()));
        (status, token.unwrap_or(said))
    }

    /// What a browser gets, with this cookie.
    fn get(&self, path: &str, cookie: &str) -> (u16, String) {
        let url = format!("http://{}/{path}", self.address);
        let agent = agent();
        let mut answer = agent.get(&url).header("Cookie", cookie).call().unwrap();
        (
            answer.status().as_u16(),
            answer.body_mut().read_to_string().unwrap(),
        )
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.stop.take().unwrap().send(());
        let ended = self.thread.take().unwrap().join();
        assert!(thread::panicking() || ended.is_ok());
    }
}

fn agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0);
    config.build().into()
}

fn post(address: SocketAddr, path: &str, token: &str, body: &Value) -> (u16, String) {
    let url = format!("http://{address}/api/{path}");
    let request = agent()
        .post(&url)
        .header("Authorization", &format!("Bearer {token}"));
    let mut answer = request.send_json(body).unwrap();
    (
        answer.status().as_u16(),
        answer.body_mut().read_to_string().unwrap(),
    )
}

fn passed(exercise: &str) -> Value {
    json!({ "exercise": exercise, "passed": true })
}

/// Nothing of three hundred is lost while one floods, and while the server is started again.
#[test]
fn a_full_room_with_one_who_floods() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder);
    let tokens: Vec<String> = (0..300)
        // Together they have one address here, and in a room each has its own: past the limit for one.
        .map(|number| {
            server
                .room
                .join(server.room.code(), &format!("learner {number}"))
        })
        .map(|joined| joined.unwrap().unwrap())
        .collect();
    let (status, hostile) = server.join("Eve");
    assert_eq!(status, 200);
    let address = server.address;
    let done = Arc::new(AtomicBool::new(false));
    let refused = Arc::new(AtomicU32::new(0));
    let flood = {
        let (done, refused) = (Arc::clone(&done), Arc::clone(&refused));
        thread::spawn(move || {
            while !done.load(SeqCst) {
                let (status, _) = post(address, "result", &hostile, &passed("01-x"));
                refused.fetch_add(u32::from(status == 429), SeqCst);
            }
        })
    };
    let send = |address: SocketAddr, tokens: &[String], exercise: &str| {
        for token in tokens {
            let (status, said) = post(address, "result", token, &passed(exercise));
            assert_eq!(status, 204, "{said}");
        }
    };
    thread::scope(|scope| {
        let send = &send;
        for tokens in tokens.chunks(75) {
            scope.spawn(move || send(address, tokens, "03-x"));
        }
    });
    done.store(true, SeqCst);
    flood.join().unwrap();
    assert!(refused.load(SeqCst) > 0, "the flood was not refused");
    drop(server);
    let server = Server::start(&folder);
    send(server.address, &tokens[..1], "04-x");
    let view = server.room.view().unwrap();
    assert_eq!(view.learners.len(), 301);
    assert_eq!(
        (view.exercises[2].passed, view.exercises[3].passed),
        (300, 1)
    );
}

#[test]
fn nobody_speaks_for_another() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder);
    let (_, ada) = server.join("Ada");
    assert_eq!(server.join("Ada").0, 409);
    for token in ["", "Ada", &ada[1..], "' OR 1=1 --"] {
        assert_eq!(
            server.post("result", token, &passed("01-x")).0,
            401,
            "{token}"
        );
        assert_eq!(server.post("leave", token, &json!({})).0, 401, "{token}");
    }
    let (_, eve) = server.join("Eve");
    assert_eq!(server.post("leave", &eve, &json!({})).0, 204);
    assert_eq!(server.post("result", &eve, &passed("01-x")).0, 401);
    let names: Vec<String> = server
        .room
        .view()
        .unwrap()
        .learners
        .into_iter()
        .map(|it| it.name)
        .collect();
    assert_eq!(names, ["Ada"]);
}

#[test]
fn what_is_no_result_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder);
    let (_, ada) = server.join("Ada");
    let long = "x".repeat(201);
    for (body, status) in [
        (json!({ "exercise": "99-none", "passed": true }), 404),
        (
            json!({ "exercise": "01-x", "passed": true, "hint": "137" }),
            422,
        ),
        (
            json!({ "exercise": "01-x", "passed": false, "hint": long }),
            422,
        ),
        (
            json!({ "exercise": "01-x", "passed": false, "file": "fn main() {}" }),
            422,
        ),
        (json!({ "exercise": "01-x" }), 422),
        (json!({ "exercise": "x".repeat(5000), "passed": true }), 413),
        (
            json!({ "exercise": "01-x", "passed": false, "hint": "137" }),
            204,
        ),
    ] {
        assert_eq!(server.post("result", &ada, &body).0, status, "{body}");
    }
    // A page of another site cannot join, whatever it knows.
    let url = format!("http://{}/api/join", server.address);
    let body = json!({ "code": server.room.code(), "name": "Mallory" });
    let request = agent().post(&url).header("Origin", "http://evil.example");
    assert_eq!(request.send_json(&body).unwrap().status().as_u16(), 403);
}

/// Six letters are not to be tried out.
#[test]
fn who_tries_codes_is_slowed_down() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder);
    let tries: Vec<u16> = (0..80)
        .map(|number| {
            let body = json!({ "code": format!("GUESS{number}"), "name": "Eve" });
            server.post("join", "", &body).0
        })
        .collect();
    assert_eq!(tries[0], 403);
    assert!(tries.contains(&429), "{tries:?}");
}

#[test]
fn only_the_leader_sees_the_room() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder);
    for (path, cookie) in [
        ("", ""),
        ("?key=", ""),
        ("?key=WRONG", ""),
        ("", "workshop-lead=WRONG"),
        ("events", ""),
        ("events", "workshop-lead="),
    ] {
        let (status, said) = server.get(path, cookie);
        assert_eq!(status, 403, "{path} {cookie}");
        assert!(!said.contains(server.room.code()), "{said}");
    }
    let (status, _) = server.get(&format!("?key={}", server.room.key()), "");
    assert_eq!(status, 303);
    let cookie = format!("workshop-lead={}", server.room.key());
    let (status, page) = server.get("", &cookie);
    assert!(status == 200 && page.contains("page.js"));
}
