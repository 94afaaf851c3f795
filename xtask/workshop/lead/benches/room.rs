//! How long a learner waits for the room: three hundred learners send ten results a second, and one more sends as fast as it
//! can. The same without that one stands beside it, and a bare connection to the loopback interface.

use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::net::TcpListener;
use xtask_lead::room::{Exercise, Room};
use xtask_lead::serve;

const LEARNERS: usize = 300;
const RESULTS: u32 = 300;
const EVERY: Duration = Duration::from_millis(100);

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let exercise = Exercise {
        slug: "03-x".into(),
        title: "X".into(),
    };
    let room = Room::open(&folder.path().join("room"), vec![exercise]).expect("a room");
    let room = Arc::new(room);
    let join = |name: &str| {
        room.join(room.code(), name)
            .expect("a file")
            .expect("a seat")
    };
    let tokens: Vec<String> = (0..LEARNERS)
        .map(|it| join(&format!("learner {it}")))
        .collect();
    let hostile = join("Eve");
    let address = start(&room);

    println!(
        "{LEARNERS} learners, {RESULTS} results, one every {} ms",
        EVERY.as_millis()
    );
    let bare = measure("a bare connection", || {
        drop(TcpStream::connect(address).expect("a connection"))
    });
    let alone = measure("a result", with_tokens(address, &tokens));
    let done = Arc::new(AtomicBool::new(false));
    let floods = Arc::new(AtomicU32::new(0));
    let flood = thread::spawn({
        let (done, floods) = (Arc::clone(&done), Arc::clone(&floods));
        move || {
            while !done.load(SeqCst) {
                send(address, &hostile);
                floods.fetch_add(1, SeqCst);
            }
        }
    });
    let flooded = measure("a result, beside a flood", with_tokens(address, &tokens));
    done.store(true, SeqCst);
    flood.join().expect("the flood");
    let ratio = |a: Duration, b: Duration| a.as_secs_f64() / b.as_secs_f64();
    println!(
        "\n{:.1} of a bare connection; {:.2} beside {} requests of the flood",
        ratio(alone, bare),
        ratio(flooded, alone),
        floods.load(SeqCst)
    );
    let passed = room.view().expect("a view").exercises[0].passed;
    println!("{passed} of {} have passed", LEARNERS + 1);
}

/// The 99th percentile; told with the median.
fn measure(what: &str, mut once: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = Vec::new();
    let began = Instant::now();
    for number in 0..RESULTS {
        // Ten a second, whatever the answers take.
        thread::park_timeout((EVERY * number).saturating_sub(began.elapsed()));
        let sent = Instant::now();
        once();
        times.push(sent.elapsed());
    }
    times.sort();
    let p99 = times[times.len() * 99 / 100];
    println!(
        "{what:26} median {:6.2} ms, p99 {:6.2} ms",
        millis(times[times.len() / 2]),
        millis(p99)
    );
    p99
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn with_tokens(address: SocketAddr, tokens: &[String]) -> impl FnMut() {
    let mut next = tokens.iter().cycle();
    move || assert_eq!(next.next().map(|token| send(address, token)), Some(204))
}

fn send(address: SocketAddr, token: &str) -> u16 {
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .build();
    let agent: ureq::Agent = config.into();
    let request = agent.post(format!("http://{address}/api/result"));
    let request = request.header("Authorization", format!("Bearer {token}"));
    let body = json!({ "exercise": "03-x", "passed": true });
    request
        .send_json(body)
        .expect("an answer")
        .status()
        .as_u16()
}

fn start(room: &Arc<Room>) -> SocketAddr {
    let (say, address) = std::sync::mpsc::channel();
    let room = Arc::clone(room);
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.expect("a runtime").block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            say.send(listener.local_addr().expect("an address"))
                .expect("a reader");
            serve::serve(listener, room, std::future::pending::<()>()).await
        })
    });
    address.recv().expect("an address")
}
