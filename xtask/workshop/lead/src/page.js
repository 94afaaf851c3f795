// The room, drawn anew with each picture that the server sends. Names and hints are text and never markup.
"use strict";

const STUCK = 600; // seconds
const place = (id) => document.getElementById(id);
let room = null;
let taken = 0; // when `room` came

function element(name, text, ...children) {
  const made = document.createElement(name);
  if (text !== null) made.textContent = text;
  made.append(...children);
  return made;
}

// Seconds that somebody has been trying, by now.
function trying(learner) {
  if (learner.trying === null) return null;
  return learner.trying + Math.floor((performance.now() - taken) / 1000);
}

function minutes(seconds) {
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min`;
}

function draw() {
  if (room === null) return;
  const all = room.learners.length;
  const title = new Map(room.exercises.map((it) => [it.slug, `${Number(it.slug.slice(0, 2))} ${it.title}`]));
  place("code").textContent = room.code;
  place("count").textContent = all === 1 ? "1 learner." : `${all} learners.`;
  place("exercises").replaceChildren(...room.exercises.map((it) => {
    const bar = element("progress", null);
    bar.max = Math.max(all, 1);
    bar.value = it.passed;
    bar.setAttribute("aria-label", `passed ${it.slug}`);
    return element("li", null, element("span", title.get(it.slug)), bar, element("span", `${it.passed} of ${all}`));
  }));
  const stuck = room.learners.filter((it) => trying(it) >= STUCK).sort((a, b) => trying(b) - trying(a));
  const lines = stuck.map((it) => element("li", null,
    element("b", it.name), ` at ${title.get(it.at) ?? it.at}, ${minutes(trying(it))}, hint `, element("code", it.hint || "none")));
  place("stuck").replaceChildren(...(lines.length ? lines : [element("li", "Nobody.")]));
  place("learners").replaceChildren(...room.learners.map((it) => element("tr", null,
    element("td", it.name),
    element("td", String(it.passed.length)),
    element("td", it.at === null ? "" : title.get(it.at) ?? it.at),
    element("td", null, ...(it.hint === null ? [] : [element("code", it.hint || "none")])),
    element("td", trying(it) === null ? "" : minutes(trying(it))))));
}

const events = new EventSource("events");
events.onmessage = (event) => {
  room = JSON.parse(event.data);
  taken = performance.now();
  place("trouble").textContent = "";
  draw();
};
events.addEventListener("trouble", (event) => { place("trouble").textContent = event.data; });
events.onerror = () => { place("trouble").textContent = "The room does not answer; what you see may be old."; };
setInterval(draw, 5000);
