// The elements of the live book whose text is not 4.5 times as bright as what is behind it, or the other way round.
const channels = (colour) => colour.match(/[\d.]+/g).map(Number);
const bright = (colour) => {
  const linear = channels(colour).slice(0, 3).map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
};
const behind = (element) => {
  for (let at = element; at; at = at.parentElement) {
    const colour = getComputedStyle(at).backgroundColor;
    if ((channels(colour)[3] ?? 1) > 0.5) return colour;
  }
  return "rgb(255, 255, 255)";
};
const parts = document.querySelectorAll(".live-bar :is(button, select, span), button[data-run], .live-state, .live-output, .live-output *, .live-files summary");
const faint = (element) => {
  const [one, other] = [bright(getComputedStyle(element).color), bright(behind(element))].sort((a, b) => b - a);
  return (one + 0.05) / (other + 0.05) < 4.5;
};
// A button that cannot be pressed now is allowed to be faint (1.4.3, inactive).
return [...parts].filter((element) => element.textContent && !element.disabled && faint(element))
  .map((element) => `${element.className || element.tagName}: ${element.textContent.slice(0, 30)}`);
