"use strict";
/* A log's page: new lines come by themselves, and what is typed filters them. */
(() => {
  const log = document.getElementById("log"), search = document.getElementById("search");
  const follow = document.getElementById("follow");
  const live = document.getElementById("log-live") ?? document.getElementById("live");
  const MOST = 5000;
  let source = null;

  /* Shows whether a line holds what is looked for, and marks where. Its text stands in one piece when nothing is. */
  const look = (line) => {
    const time = line.querySelector("time"), wish = search.value.toLowerCase();
    const text = time ? line.textContent.slice(time.textContent.length) : line.textContent;
    const lower = text.toLowerCase(), pieces = [];
    let end = 0;
    const whole = wish !== "" && lower.length === text.length;
    for (let at = whole ? lower.indexOf(wish) : -1; at >= 0; at = lower.indexOf(wish, end)) {
      const hit = document.createElement("mark");
      hit.textContent = text.slice(at, at + wish.length);
      pieces.push(text.slice(end, at), hit);
      end = at + wish.length;
    }
    if (pieces.length || line.querySelector("mark")) line.replaceChildren(...(time ? [time] : []), ...pieces, text.slice(end));
    line.hidden = !lower.includes(wish);
  };
  const atEnd = () => log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  const toEnd = () => { log.scrollTop = log.scrollHeight; };
  const filter = () => { for (const line of log.children) look(line); };
  const show = (kind) => { live.className = "pulse " + kind; live.textContent = kind ? live.dataset[kind] : ""; };

  const add = (html) => {
    const end = atEnd(), lines = panel.parse(html);
    for (const line of lines.children) look(line);
    log.append(lines);
    while (log.children.length > MOST) log.firstElementChild.remove();
    if (end) toEnd();
  };
  const listen = () => {
    source?.close();
    source = null;
    if (!follow.checked) return show("");
    source = new EventSource(log.dataset.stream);
    source.onopen = () => show("live");
    source.onerror = () => show("lost");
    source.addEventListener("all", ({ data }) => { log.replaceChildren(); add(data); toEnd(); });
    source.addEventListener("lines", ({ data }) => add(data));
    source.addEventListener("end", () => { source.close(); show(""); });
    source.addEventListener("over", () => { source.close(); location.reload(); });
  };
  search.addEventListener("input", () => { filter(); toEnd(); });
  search.form.addEventListener("submit", (event) => event.preventDefault());
  follow?.addEventListener("change", listen);
  toEnd();
  if (log.dataset.stream) listen();
})();
