//! The live book in a real browser: Debian's chromium, by chromium-driver. Without it this is a printed skip, or, where
//! TRAPPING_SIGNALS_DENY_SKIP=1 says so, a failure.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fantoccini::{Client, ClientBuilder, Locator};
use serde_json::{Value, json};

/// The longest that anything here takes on a loaded machine: a compilation.
const SOON: Duration = Duration::from_secs(600);

/// A program of ours that ends with the test.
struct Started(Child);

impl Drop for Started {
    fn drop(&mut self) {
        let pid = nix::unistd::Pid::from_raw(self.0.id().cast_signed());
        let _ = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM);
        let _ = self.0.wait();
    }
}

/// Starts a program, and returns it with what stands behind `mark` in its output, up to the next blank or full stop.
fn started(command: &mut Command, mark: &str) -> (Started, String) {
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let child = Started(child);
    let mut line = String::new();
    loop {
        line.clear();
        assert_ne!(
            output.read_line(&mut line).unwrap(),
            0,
            "{command:?} has ended"
        );
        if let Some((_, rest)) = line.split_once(mark) {
            let word = rest
                .split_whitespace()
                .next()
                .unwrap()
                .trim_end_matches('.');
            // It must be able to say more.
            std::thread::spawn(move || std::io::copy(&mut output.by_ref(), &mut std::io::sink()));
            return (child, word.to_owned());
        }
    }
}

fn on_path(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(name).is_file())
}

/// The runner, as `cargo xtask` builds it.
fn runner(checkout: &Path) -> PathBuf {
    // To build it is to run it: its own list is the shortest thing it does.
    let status = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()))
        .args(["xtask", "lab"])
        .current_dir(checkout)
        .stdout(Stdio::null())
        .status();
    assert!(status.unwrap().success());
    let metadata = Command::new("cargo")
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .current_dir(checkout)
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&metadata.stdout).unwrap();
    Path::new(metadata["target_directory"].as_str().unwrap()).join("lab/xtask")
}

/// A page of the live book.
struct Page(Client);

impl Page {
    async fn says(&self, script: &str) -> Value {
        self.0.execute(script, vec![]).await.unwrap()
    }

    /// Waits until the expression is true.
    async fn until(&self, expression: &str) {
        let script = format!("return !!({expression})");
        let end = std::time::Instant::now() + SOON;
        while self.says(&script).await != json!(true) {
            assert!(std::time::Instant::now() < end, "never: {expression}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn press(&self, selector: &str) {
        // The page scrolls smoothly to what is to be pressed, and the driver would press beside it.
        let found = self.0.find(Locator::Css(selector)).await.unwrap();
        let script = "arguments[0].scrollIntoView({block: 'center', behavior: 'instant'}); arguments[0].click()";
        let element = serde_json::to_value(&found).unwrap();
        self.0.execute(script, vec![element]).await.unwrap();
    }

    async fn states(&self) -> Vec<String> {
        let script =
            "return [...document.querySelectorAll('[data-state]')].map(box => box.dataset.state)";
        serde_json::from_value(self.says(script).await).unwrap()
    }
}

/// What the page says of the run.
const NEWS: &str = "document.querySelector('.live-bar [role=status]').textContent";

#[tokio::test]
async fn a_stranger_runs_chapter_3_from_the_page_alone() {
    if !(on_path("chromedriver") && on_path("chromium")) {
        let deny = std::env::var_os("TRAPPING_SIGNALS_DENY_SKIP").is_some_and(|deny| deny == "1");
        assert!(
            !deny,
            "no chromium and chromium-driver, and no skip is allowed"
        );
        println!("skipped: install chromium and chromium-driver");
        return;
    }
    // Asked at run time: the checkout may have been moved since this was compiled.
    let package = std::env::var_os("CARGO_MANIFEST_DIR").unwrap();
    let checkout = Path::new(&package).join("../..");
    let runner = runner(&checkout);
    let test = std::env::current_exe().unwrap();
    let built = test.parent().and_then(Path::parent).unwrap();
    let mut serve = Command::new(built.join("xtask-book"));
    serve
        .args(["serve", "--port", "0"])
        .env("TRAPPING_SIGNALS_XTASK", runner);
    let (_server, rest) = started(&mut serve, "http://");
    let link = format!("http://{rest}");
    let (site, _) = link.split_once("/?").unwrap();
    let mut driver = Command::new("chromedriver");
    let (_driver, port) = started(driver.arg("--port=0"), "was started successfully on port ");
    let options = json!({"args": ["--headless=new", "--no-sandbox", "--window-size=1300,900"]});
    let mut capabilities = serde_json::Map::new();
    capabilities.insert("goog:chromeOptions".into(), options);
    let client = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new())
        .capabilities(capabilities)
        .connect(&format!("http://127.0.0.1:{port}"))
        .await
        .unwrap();
    let page = Page(client);
    let chapter = format!("{site}/03-shell-form.html");
    // Without the link there is nothing; with it there are buttons.
    page.0.goto(&chapter).await.unwrap();
    assert_eq!(
        page.says("return document.querySelectorAll('[data-run]').length")
            .await,
        json!(0)
    );
    page.0.goto(&link).await.unwrap();
    page.0.goto(&chapter).await.unwrap();
    page.until("document.querySelectorAll('[data-run]').length > 5")
        .await;
    page.says("const engine = document.querySelector('.live-bar select'); engine.value = 'pocket'; engine.onchange()")
        .await;

    // Block 2, with block 1 that is before it.
    page.press("[data-run='2']").await;
    page.until(&format!("{NEWS}.includes('all as the book says')"))
        .await;
    assert_eq!(page.states().await[..3], ["passed", "passed", "idle"]);
    let output = page
        .says("return document.querySelector('.live-output').textContent")
        .await;
    assert!(
        output
            .as_str()
            .unwrap()
            .contains("$ docker wait shell03\n137\n"),
        "{output}"
    );

    // The whole page, stopped when its first block has passed; and reloaded while it runs.
    page.press(".live-bar button:nth-of-type(3)").await;
    page.until("document.querySelector('.live-output').textContent === ''")
        .await;
    page.press(".live-bar button:nth-of-type(1)").await;
    page.until("document.querySelector('[data-state=passed]')")
        .await;
    page.press(".live-bar button:nth-of-type(2)").await;
    page.until(&format!("{NEWS}.includes('stopped')")).await;
    page.press(".live-bar button:nth-of-type(1)").await;
    page.until("document.querySelector('[data-state=passed]')")
        .await;
    page.0.refresh().await.unwrap();
    page.until("document.querySelectorAll('[data-run]').length > 5")
        .await;

    // The exercise as it is: wrong, with its hint. The run before may still be cleaning up.
    page.until("document.querySelector('.live-bar select').value === 'pocket'")
        .await;
    loop {
        page.press("[aria-label='Grade my exercise']").await;
        page.until(&format!(
            "/being run already|as the book says/.test({NEWS})"
        ))
        .await;
        if page
            .says(&format!("return {NEWS}"))
            .await
            .as_str()
            .unwrap()
            .contains("as the book says")
        {
            break;
        }
    }
    let graded = page
        .says("return document.querySelector('[data-state=failed] .live-output').textContent")
        .await;
    let graded = graded.as_str().unwrap();
    assert!(
        graded.contains("hint: ") && graded.contains("- app: I am PID 1"),
        "{graded}"
    );

    // The reader's files, as they are; and when others were graded last, the page offers to grade these.
    let dockerfile = checkout.join("labs/03-shell-form/exercise/Dockerfile");
    let shown = page
        .says("return document.querySelector('.live-files pre').textContent")
        .await;
    assert_eq!(shown, json!(std::fs::read_to_string(dockerfile).unwrap()));
    let offer =
        "document.querySelector('.live-offer')?.parentElement.textContent.includes('have changed')";
    assert_eq!(page.says(&format!("return !!{offer}")).await, json!(false));
    page.says("sessionStorage.setItem('live-graded-03-shell-form', 'others')")
        .await;
    page.until(offer).await;

    // On a phone nothing is cut off, and no request has left this machine.
    page.0.set_window_size(500, 800).await.unwrap();
    assert_eq!(
        page.says("return document.documentElement.scrollWidth > innerWidth")
            .await,
        json!(false)
    );
    let asked = page
        .says("return performance.getEntriesByType('resource').map(entry => entry.name)")
        .await;
    let asked: Vec<String> = serde_json::from_value(asked).unwrap();
    assert!(
        !asked.is_empty()
            && asked
                .iter()
                .all(|url| url.starts_with(site) || url.starts_with("data:")),
        "{asked:?}"
    );
    page.0.close().await.unwrap();
}
