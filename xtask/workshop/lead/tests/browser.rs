//! The leader's page in a real browser: Debian's chromium, by chromium-driver. Without it this is a printed skip, or, where
//! TRAPPING_SIGNALS_DENY_SKIP=1 says so, a failure.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use fantoccini::{Client, ClientBuilder};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use xtask_lead::room::{Exercise, Outcome, Room};
use xtask_lead::serve;

/// The longest that anything here takes on a loaded machine.
const SOON: Duration = Duration::from_secs(60);

struct Driver(Child);

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn on_path(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(name).is_file())
}

/// chromedriver on a port of its own choice, which it prints.
fn driver() -> (Driver, String) {
    let mut command = Command::new("chromedriver");
    let mut child = command
        .arg("--port=0")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let driver = Driver(child);
    let mut lines = output.lines().map_while(Result::ok);
    let port = lines.find_map(|line| {
        Some(
            line.split_once("successfully on port ")?
                .1
                .trim_end_matches('.')
                .to_owned(),
        )
    });
    std::thread::spawn(move || lines.for_each(drop));
    (driver, format!("http://127.0.0.1:{}", port.unwrap()))
}

async fn until(page: &Client, expression: &str) {
    let script = format!("return !!({expression})");
    let end = Instant::now() + SOON;
    while page.execute(&script, vec![]).await.unwrap() != json!(true) {
        assert!(Instant::now() < end, "never: {expression}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn says(page: &Client, expression: &str) -> Value {
    page.execute(&format!("return {expression}"), vec![])
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_sees_who_is_where() {
    if !(on_path("chromedriver") && on_path("chromium")) {
        let deny = std::env::var_os("TRAPPING_SIGNALS_DENY_SKIP").is_some_and(|deny| deny == "1");
        assert!(
            !deny,
            "no chromium and chromium-driver, and no skip is allowed"
        );
        println!("skipped: install chromium and chromium-driver");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let exercise = |slug: &str, title: &str| Exercise {
        slug: slug.into(),
        title: title.into(),
    };
    let exercises = vec![
        exercise("02-pid1", "PID 1"),
        exercise("03-shell-form", "Shell form"),
    ];
    let room = Arc::new(Room::open(&folder.path().join("room"), exercises).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let served = tokio::spawn(serve::serve(listener, Arc::clone(&room), stopped));
    let join = |name: &str| room.join(room.code(), name).unwrap().unwrap();
    let ada = join("Ada");

    let (_driver, url) = driver();
    let mut wishes = serde_json::Map::new();
    let flags = [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--no-first-run",
    ];
    wishes.insert(
        "goog:chromeOptions".into(),
        json!({ "args": flags, "binary": "/usr/bin/chromium" }),
    );
    let page = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new())
        .capabilities(wishes)
        .connect(&url)
        .await
        .unwrap();
    page.goto(&format!("http://{address}/?key={}", room.key()))
        .await
        .unwrap();
    until(
        &page,
        "document.querySelector('#learners td')?.textContent == 'Ada'",
    )
    .await;
    // The key does not stay in the address.
    assert_eq!(page.current_url().await.unwrap().query(), None);
    assert_eq!(
        says(&page, "document.querySelector('#code').textContent").await,
        room.code()
    );

    // What happens is seen without a reload.
    room.result(&ada, "02-pid1", &Outcome::Passed).unwrap();
    room.result(&ada, "03-shell-form", &Outcome::Failed("137".into()))
        .unwrap();
    until(
        &page,
        "document.querySelector('#exercises li span:last-child').textContent == '1 of 1'",
    )
    .await;
    until(
        &page,
        "document.querySelector('#learners').textContent.startsWith('Ada13 Shell form137')",
    )
    .await;
    assert_eq!(
        says(&page, "document.querySelector('#stuck').textContent").await,
        "Nobody."
    );

    // A name is text.
    join("<img src=x onerror=document.title=1>");
    until(
        &page,
        "document.querySelectorAll('#learners tr').length == 2",
    )
    .await;
    assert_eq!(
        says(&page, "document.querySelector('#learners img')").await,
        Value::Null
    );
    assert_eq!(says(&page, "document.title").await, "Workshop");

    // Ten minutes later, by the page's clock.
    let script = "const real = performance.now.bind(performance); performance.now = () => real() + 601000; draw();";
    page.execute(script, vec![]).await.unwrap();
    until(&page, "document.querySelector('#stuck').textContent.startsWith('Ada at 3 Shell form, 10 min, hint 137')").await;

    // The end of the room is told, and does not wait for the page.
    stop.send(()).unwrap();
    served.await.unwrap().unwrap().unwrap();
    until(
        &page,
        "document.querySelector('#trouble').textContent.includes('does not answer')",
    )
    .await;
    page.close().await.unwrap();
}
