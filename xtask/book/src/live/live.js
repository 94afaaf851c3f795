// The live book: a button at each console block, and below it what happens.
//
// The server runs a block by its number on the page, with those before it, and answers with what happens, a line of JSON
// each (xtask/events.schema.json).

const page = location.pathname.split("/").pop().replace(/\.html$/, "");
const codes = [...document.querySelectorAll('main pre > code[class*="language-console"]')];
const make = (name, text = "", more = {}) => Object.assign(document.createElement(name), { textContent: text, ...more });
const WORDS = { idle: "", running: "running ...", passed: "✓ as the book says", failed: "✗ not as the book says",
  skipped: "skipped", stopped: "stopped; nothing is left" };

/** One console block of the page. */
class Block {
  constructor(code, number) {
    const pre = code.parentElement;
    this.number = number;
    this.exercise = code.classList.contains("exercise");
    this.box = make("div");
    this.button = make("button", this.exercise ? "Grade my exercise" : "Run", { type: "button" });
    this.button.dataset.run = number;
    this.button.ariaLabel = this.exercise ? "Grade my exercise" : `Run block ${number}, with those before it`;
    this.state = make("span", "", { className: "live-state", role: "status" });
    this.output = make("div", "", { className: "live-output", role: "log", tabIndex: 0, ariaLabel: `What block ${number} prints` });
    pre.before(this.box);
    this.box.append(this.button, this.state, pre, this.output);
    this.is("idle");
  }

  is(state, why = WORDS[state]) {
    this.box.dataset.state = state;
    this.state.textContent = why;
  }

  add(text, name = "span") {
    this.output.append(make(name, text));
    this.output.scrollTop = this.output.scrollHeight;
  }
}

const blocks = codes.map((code, index) => (code.classList.contains("no_run") ? null : new Block(code, index + 1)));
const runnable = blocks.filter((block) => block);
const bar = make("div", "", { className: "live-bar", role: "group", ariaLabel: "Run this chapter" });
const all = make("button", "Run the page", { type: "button" });
const stop = make("button", "Stop", { type: "button", disabled: true });
const again = make("button", "Start again", { type: "button" });
const engine = make("select", "", { ariaLabel: "Engine" });
const news = make("span", "", { role: "status" });
for (const name of ["auto", "docker", "podman", "pocket"]) engine.append(make("option", name, { value: name }));
engine.value = sessionStorage.getItem("live-engine") ?? "auto";
engine.onchange = () => sessionStorage.setItem("live-engine", engine.value);
bar.append(all, stop, again, engine, news);

function reset() {
  for (const block of runnable) {
    block.output.replaceChildren();
    block.is("idle");
  }
  news.textContent = "";
}

function busy(is) {
  for (const button of [all, again, engine, ...runnable.map((block) => block.button)]) button.disabled = is;
  stop.disabled = !is;
}

/** Asks the server, which answers only to this page. */
const ask = (path, wish) =>
  fetch(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(wish) });

/** The lines of an answer, as they come. */
async function* lines(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const whole = (rest + part.value).split("\n");
    rest = whole.pop();
    yield* whole;
  }
}

/** Shows what happens in a run. */
class Show {
  constructor() {
    this.passed = 0;
    this.of = 0;
    this.ended = false;
  }

  lab(event) {
    this.of = event.blocks.length;
    this.engine = event.engine;
    this.count();
  }

  count() {
    news.textContent = `${this.engine}: ${this.passed} of ${this.of} blocks`;
  }

  block(event) {
    this.done();
    this.at = blocks[event.block - 1];
    this.at.output.replaceChildren();
    this.at.is("running");
  }

  /** The block is over, and nothing was wrong. */
  done() {
    if (this.at?.box.dataset.state === "running") {
      this.at.is("passed");
      this.passed += 1;
      this.count();
    }
  }

  step(event) {
    this.at.add(`$ ${event.command.replaceAll("\n", "\n> ")}\n`, "b");
  }

  output(event) {
    this.at.add(event.text);
  }

  "step-ended"(event) {
    if (event.passed) return;
    this.at.is("failed");
    if (event.status !== event.expected_status) {
      const how = event.status === null ? "killed: it did not end" : `exit status ${event.status}`;
      this.at.add(`${how}; the book says ${event.expected_status}\n`, "b");
    }
    if (event.difference) this.at.add(event.difference);
  }

  skipped(event) {
    news.textContent = `line ${event.line} is skipped: ${event.reason}`;
  }

  "lab-ended"(event) {
    if (event.verdict === "passed") this.done();
    this.ended = true;
    const words = { passed: "all as the book says", failed: "not as the book says", cannot_run: "this machine cannot run it" };
    news.textContent = `${this.engine ?? ""} ${words[event.verdict]}, ${(event.millis / 1000).toFixed(1)} s`;
    if (event.hint) (this.at ?? runnable[0]).add(`hint: ${event.hint}\n`, "b");
    if (event.verdict === "cannot_run" || !this.at) news.textContent += `: ${event.problem ?? ""}`;
  }

  /** The runner has ended. */
  end(event) {
    if (this.ended) return;
    if (this.at?.box.dataset.state === "running") this.at.is("stopped");
    news.textContent = event.status === 130 ? WORDS.stopped : `the runner ended with ${event.status}: ${event.said}`;
  }
}

async function run(wish) {
  busy(true);
  news.textContent = "building ...";
  const show = new Show();
  try {
    const response = await ask("/live/run", { page, engine: engine.value, ...wish });
    if (!response.ok) {
      news.textContent = await response.text();
      return;
    }
    for await (const line of lines(response)) {
      const event = JSON.parse(line);
      if (event.event === "ended") show.end(event);
      else show[event.event]?.(event);
    }
    // Asked for, and not run: it is another engine's, or needs something that is not there.
    const asked = blocks[wish.block - 1];
    if (show.ended && asked?.box.dataset.state === "idle") asked.is("skipped", `not run on ${show.engine}`);
  } catch (error) {
    news.textContent = `the server has gone: ${error.message}; type cargo xtask book serve`;
    if (show.at) show.at.is("stopped", "");
  } finally {
    busy(false);
  }
}

/** The reader's files of this chapter's exercise, as they are on disk; an edit is noticed, and offered for grading. */
class Files {
  constructor(block) {
    this.block = block;
    this.box = make("details", "", { className: "live-files" });
    this.box.append(make("summary", `Your files: labs/${page}/exercise/`));
    this.list = make("div");
    this.box.append(this.list);
    this.offer = make("span", "", { className: "live-state", role: "status" });
    block.box.before(this.box);
    block.state.before(this.offer);
    this.look();
    setInterval(() => document.hidden || this.look(), 2000);
  }

  get graded() {
    return sessionStorage.getItem(`live-graded-${page}`);
  }

  async look() {
    let answer;
    try {
      const response = await ask("/live/files", { page });
      if (!response.ok) return;
      answer = await response.json();
    } catch {
      return; // a run says that the server has gone
    }
    if (answer.sum !== this.sum) {
      this.sum = answer.sum;
      this.list.replaceChildren(...answer.files.flatMap(({ path, text }) => {
        const pre = make("pre");
        pre.append(make("code", text));
        return [make("p", path), pre];
      }));
    }
    this.tell();
  }

  /** Other files than those that were graded last. */
  tell() {
    const changed = this.graded !== null && this.graded !== this.sum;
    const words = changed ? "your files have changed" : "";
    if (this.offer.textContent !== words) this.offer.textContent = words;
    this.block.button.classList.toggle("live-offer", changed);
  }

  /** These are being graded. */
  grade() {
    if (this.sum) sessionStorage.setItem(`live-graded-${page}`, this.sum);
    this.tell();
  }
}

if (runnable.length > 0 && /^\d\d-/.test(page)) {
  document.querySelector("main h1")?.after(bar);
  all.onclick = () => run({});
  again.onclick = reset;
  stop.onclick = () => ask("/live/stop", { page });
  const exercise = runnable.find((block) => block.exercise);
  const files = exercise && new Files(exercise);
  for (const block of runnable)
    block.button.onclick = async () => {
      if (block.exercise) {
        await files.look();
        files.grade();
      }
      run(block.exercise ? { exercise: true } : { block: block.number });
    };
} else {
  for (const block of runnable) block.button.remove();
}
