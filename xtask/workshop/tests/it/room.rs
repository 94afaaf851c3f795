//! A learner in a room that is led: joins, sends results, is patient, leaves.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use xtask_lead::room::{Exercise, Learner, Room};
use xtask_lead::serve;

use crate::support::{checkout, run};

/// A room at an address, until this goes.
struct Server {
    address: SocketAddr,
    room: Arc<Room>,
    running: Option<(oneshot::Sender<()>, thread::JoinHandle<()>)>,
}

impl Server {
    fn start(file: &Path, address: &str) -> Server {
        let exercises = ["01-one", "02-two"].map(|slug| Exercise {
            slug: slug.into(),
            title: slug.into(),
        });
        let room = Arc::new(Room::open(file, exercises.to_vec()).unwrap());
        let (stop, stopped) = oneshot::channel();
        let (say, at) = std::sync::mpsc::channel();
        let (served, address) = (Arc::clone(&room), address.to_owned());
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.unwrap().block_on(async {
                let listener = TcpListener::bind(address).await.unwrap();
                say.send(listener.local_addr().unwrap()).unwrap();
                serve::serve(listener, served, stopped)
                    .await
                    .unwrap()
                    .unwrap();
            });
        });
        Server {
            address: at.recv().unwrap(),
            room,
            running: Some((stop, thread)),
        }
    }

    fn learners(&self) -> Vec<Learner> {
        self.room.view().unwrap().learners
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let (stop, thread) = self.running.take().unwrap();
        let _ = stop.send(());
        let _ = thread.join();
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_learner_joins_is_seen_and_leaves() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("room"), "127.0.0.1:0");
    let checkout = checkout("yes", "no");
    let url = format!("http://{}", server.address);
    let code = server.room.code().to_owned();

    let wrong = run(
        &checkout,
        &["--join", &url, "--code", "WRONG", "--name", "Ada"],
        "",
    );
    assert_eq!(wrong.status.code(), Some(2));
    assert_eq!(
        text(&wrong.stderr),
        "error: that is not this room's code (403)\n"
    );

    let joined = run(
        &checkout,
        &["1", "--join", &url, "--code", &code, "--name", "Ada"],
        "",
    );
    assert!(
        text(&joined.stdout).contains("In the room as Ada"),
        "{}",
        text(&joined.stdout)
    );
    let seat = checkout.path().join(".workshop/room.json");
    assert_eq!(
        fs::metadata(&seat).unwrap().permissions().mode() & 0o777,
        0o600
    );
    // The seat is kept; the next start sits there again.
    assert_eq!(run(&checkout, &["2"], "").status.code(), Some(1));
    let learners = server.learners();
    assert_eq!(learners.len(), 1);
    let ada = &learners[0];
    assert_eq!(
        (ada.name.as_str(), ada.at.as_deref()),
        ("Ada", Some("02-two"))
    );
    assert_eq!(
        (ada.passed.as_slice(), ada.hint.as_deref()),
        (&["01-one".to_owned()][..], Some("no"))
    );

    let left = run(&checkout, &["--leave"], "");
    assert_eq!(text(&left.stdout), "The room has forgotten Ada.\n");
    assert!(server.learners().is_empty() && !seat.exists());
    let twice = run(&checkout, &["--leave"], "");
    assert_eq!(text(&twice.stderr), "error: you are in no room\n");
}

/// A room that does not answer is told, and disturbs nothing.
#[test]
fn it_works_without_the_room() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("room");
    let server = Server::start(&file, "127.0.0.1:0");
    let checkout = checkout("yes", "no");
    let url = format!("http://{}", server.address);
    let code = server.room.code().to_owned();
    run(
        &checkout,
        &["2", "--join", &url, "--code", &code, "--name", "Ada"],
        "",
    );
    drop(server);
    let alone = run(&checkout, &["1"], "");
    assert_eq!(alone.status.code(), Some(0), "{}", text(&alone.stderr));
    assert!(
        text(&alone.stdout).contains("PASSED"),
        "{}",
        text(&alone.stdout)
    );
}
