//! The live book in a real browser: Debian's chromium, by chromium-driver. Without it this is a printed skip, or, where
//! TRAPPING_SIGNALS_DENY_SKIP=1 says so, a failure.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder, Locator};
use serde_json::{Value, json};
use url::ParseError;

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

    /// Opens the book by its link, and a chapter in it, which runs on pocket.
    async fn open(&self, link: &str, chapter: &str) {
        let (site, _) = link.split_once("/?").unwrap();
        self.0.goto(link).await.unwrap();
        self.0
            .goto(&format!("{site}/{chapter}.html"))
            .await
            .unwrap();
        self.until("document.querySelectorAll('[data-run]').length > 5")
            .await;
        self.says("const engine = document.querySelector('.live-bar select'); engine.value = 'pocket'; engine.onchange()")
            .await;
    }

    /// Grades the exercise. A run before may still be cleaning up.
    async fn grade(&self) {
        loop {
            self.press("[aria-label='Grade my exercise']").await;
            let over = format!("/being run already|as the book says/.test({NEWS})");
            self.until(&over).await;
            let news = self.says(&format!("return {NEWS}")).await;
            if news.as_str().unwrap().contains("as the book says") {
                break;
            }
        }
    }

    /// Nothing went wrong unseen: no error of a script, nothing that could not be loaded.
    async fn is_quiet(&self) {
        let said = self.0.issue_cmd(Console).await.unwrap();
        let errors: Vec<&Value> = said
            .as_array()
            .unwrap()
            .iter()
            .filter(|line| line["level"] == "SEVERE")
            .collect();
        assert!(errors.is_empty(), "{errors:?}");
    }

    /// Nothing is cut off at the side, and what the live book adds can be read: WCAG's 4.5 to 1 (1.4.3).
    async fn is_legible(&self) {
        let wide = "return document.documentElement.scrollWidth > innerWidth";
        assert_eq!(self.says(wide).await, json!(false));
        let faint = self.says(include_str!("contrast.js")).await;
        assert_eq!(faint, json!([]));
    }

    async fn states(&self) -> Vec<String> {
        let script =
            "return [...document.querySelectorAll('[data-state]')].map(box => box.dataset.state)";
        serde_json::from_value(self.says(script).await).unwrap()
    }
}

/// Whether there is a browser to press the buttons.
fn browser() -> bool {
    let there = on_path("chromedriver") && on_path("chromium");
    let deny = std::env::var_os("TRAPPING_SIGNALS_DENY_SKIP").is_some_and(|deny| deny == "1");
    assert!(
        there || !deny,
        "no chromium and chromium-driver, and no skip is allowed"
    );
    if !there {
        println!("skipped: install chromium and chromium-driver");
    }
    there
}

/// The book's own checkout. Asked at run time: it may have been moved since this was compiled.
fn checkout() -> PathBuf {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").unwrap();
    Path::new(&package).join("../..").canonicalize().unwrap()
}

/// The live book of a checkout, and the link that opens it.
fn serve(checkout: &Path) -> (Started, String) {
    let own = self::checkout();
    let test = std::env::current_exe().unwrap();
    let built = test.parent().and_then(Path::parent).unwrap();
    let runner = runner(&own);
    let mut serve = Command::new(built.join("xtask-book"));
    serve
        .args(["serve", "--port", "0"])
        .env("CARGO_MANIFEST_DIR", checkout.join("xtask/book"))
        // Compiled crates are the same in each checkout; a checkout's own programs are told apart.
        .env("CARGO_TARGET_DIR", runner.ancestors().nth(2).unwrap())
        .env("TRAPPING_SIGNALS_XTASK", &runner);
    let (server, rest) = started(&mut serve, "http://");
    (server, format!("http://{rest}"))
}

/// A browser with these options of chromium's.
async fn chromium(mut options: Value) -> (Started, Page) {
    let mut driver = Command::new("chromedriver");
    let (driver, port) = started(driver.arg("--port=0"), "was started successfully on port ");
    options["args"] = json!(["--headless=new", "--no-sandbox", "--window-size=1300,900"]);
    let mut capabilities = serde_json::Map::new();
    capabilities.insert("goog:chromeOptions".into(), options);
    capabilities.insert("goog:loggingPrefs".into(), json!({"browser": "ALL"}));
    let client = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new())
        .capabilities(capabilities)
        .connect(&format!("http://127.0.0.1:{port}"))
        .await
        .unwrap();
    (driver, Page(client))
}

/// What the browser's console has printed; chromium's own command.
#[derive(Debug)]
struct Console;

impl WebDriverCompatibleCommand for Console {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, ParseError> {
        base.join(&format!("session/{}/se/log", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(r#"{"type": "browser"}"#.into()))
    }
}

/// What the page says of the run.
const NEWS: &str = "document.querySelector('.live-bar [role=status]').textContent";

#[tokio::test]
async fn a_stranger_runs_chapter_3_from_the_page_alone() {
    if !browser() {
        return;
    }
    let checkout = checkout();
    let (_server, link) = serve(&checkout);
    let (site, _) = link.split_once("/?").unwrap();
    let (_driver, page) = chromium(json!({})).await;
    // Without the link there is nothing; with it there are buttons.
    let chapter = format!("{site}/03-shell-form.html");
    page.0.goto(&chapter).await.unwrap();
    assert_eq!(
        page.says("return document.querySelectorAll('[data-run]').length")
            .await,
        json!(0)
    );
    // That the page was refused is an error in the console, which shows that errors are seen.
    let refused = page.0.issue_cmd(Console).await.unwrap();
    assert_eq!(refused[0]["level"], json!("SEVERE"), "{refused}");
    page.open(&link, "03-shell-form").await;

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
    page.grade().await;
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

    // And no request has left this machine.
    page.is_legible().await;
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
    page.is_quiet().await;
    page.0.close().await.unwrap();
}

/// A copy of the checkout in which the exercise is solved and the chapter is wrong, on a phone, in the dark.
#[tokio::test]
async fn a_right_answer_and_a_wrong_page_on_a_phone_in_the_dark() {
    if !browser() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("checkout");
    std::fs::create_dir(&copy).unwrap();
    let status = Command::new("sh")
        .args([
            "-c",
            "tar -c --exclude=target --exclude=.git . | tar -x -C \"$0\"",
        ])
        .arg(&copy)
        .current_dir(checkout())
        .status();
    assert!(status.unwrap().success());
    let lab = copy.join("labs/03-shell-form");
    std::fs::copy(
        lab.join("solution/Dockerfile"),
        lab.join("exercise/Dockerfile"),
    )
    .unwrap();
    let chapter = copy.join("book/src/03-shell-form.md");
    let text = std::fs::read_to_string(&chapter).unwrap();
    let wrong = text.replacen("\n137\n", "\n138\n", 1);
    assert_ne!(text, wrong);
    std::fs::write(chapter, wrong).unwrap();

    let (_server, link) = serve(&copy);
    let phone = json!({"mobileEmulation": {
        "deviceMetrics": {"width": 390, "height": 844, "pixelRatio": 2, "mobile": true},
    }});
    let (_driver, page) = chromium(phone).await;
    page.open(&link, "03-shell-form").await;
    page.says("localStorage.setItem('mdbook-theme', 'navy')")
        .await;
    page.0.refresh().await.unwrap();
    page.until("document.documentElement.classList.contains('navy')")
        .await;
    assert_eq!(page.says("return innerWidth").await, json!(390));

    // The block is wrong where it was made wrong, and the one behind it was passed over.
    page.until("document.querySelectorAll('[data-run]').length > 5")
        .await;
    page.press("[data-run='2']").await;
    page.until("document.querySelector('[data-state=failed]')")
        .await;
    page.until(&format!("/not as the book says/.test({NEWS})"))
        .await;
    assert_eq!(page.states().await[..3], ["failed", "skipped", "idle"]);
    let output = page
        .says("return document.querySelector('[data-state=failed] .live-output').textContent")
        .await;
    let output = output.as_str().unwrap();
    assert!(
        output.contains("$ docker wait shell03")
            && output.contains("- 138")
            && output.contains("+ 137"),
        "{output}"
    );
    page.is_legible().await;

    page.grade().await;
    let passed = "document.querySelector('[data-state=passed] [aria-label^=Grade]')";
    page.until(passed).await;
    page.is_legible().await;
    page.is_quiet().await;
    // What is faint is found.
    let faint = include_str!("contrast.js");
    page.says("document.querySelector('.live-bar span').style.color = 'rgb(70, 70, 80)'")
        .await;
    assert_ne!(page.says(faint).await, json!([]));
    page.0.close().await.unwrap();
}
