"use strict";
/* A log's page: new lines come by themselves, and what is typed filters them. */
(() => {
  const log = document.getElementById("log"), search = document.getElementById("search");
  const follow = document.getElementById("follow"), live = document.getElementById("live");
  const MOST = 5000;
  let source = null;

  const fits = (line) => line.textContent.toLowerCase().includes(search.value.toLowerCase());
  const atEnd = () => log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  const toEnd = () => { log.scrollTop = log.scrollHeight; };
  const filter = () => { for (const line of log.children) line.hidden = !fits(line); };
  const show = (kind) => { live.className = "pulse " + kind; live.textContent = kind ? live.dataset[kind] : ""; };

  const add = (html) => {
    const end = atEnd(), lines = panel.parse(html);
    for (const line of lines.children) line.hidden = !fits(line);
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
    source.addEventListener("over", () => { source.close(); location.reload(); });
  };
  search.addEventListener("input", () => { filter(); toEnd(); });
  search.form.addEventListener("submit", (event) => event.preventDefault());
  follow.addEventListener("change", listen);
  toEnd();
  listen();
})();
