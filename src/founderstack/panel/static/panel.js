"use strict";
(() => {
  const tiles = document.getElementById("tiles"), live = document.getElementById("live");
  const act = document.getElementById("act");
  let heard = Date.now(), polling = 0;

  const show = (kind) => {
    if (kind !== "lost") heard = Date.now();
    if (live.textContent !== live.dataset[kind]) live.textContent = live.dataset[kind];
    live.className = "pulse " + kind;
  };
  const parse = (html) => {
    const box = document.createElement("template");
    box.innerHTML = html;
    return box.content;
  };
  /* An open menu keeps its tile as it is; focus stays on the control that had it. */
  const put = (tile) => {
    const old = document.getElementById(tile.id);
    if (!old) tiles.append(tile);
    else if (!old.querySelector("details[open]")) {
      const focus = old.contains(document.activeElement) && document.activeElement.id;
      old.replaceWith(tile);
      if (focus) document.getElementById(focus)?.focus();
    }
  };
  const sort = () => {
    const all = [...tiles.children];
    const wanted = [...all].sort((a, b) => (a.dataset.rank < b.dataset.rank ? -1 : 1));
    if (all.some((tile, at) => tile !== wanted[at]) && !tiles.querySelector("details[open]")) tiles.append(...wanted);
  };
  const keep = (names) => {
    for (const tile of [...tiles.children]) if (!names.includes(tile.id.slice(5))) tile.remove();
  };
  const sum = (node) => document.getElementById("summary").replaceWith(node);

  const poll = async () => {
    try {
      const answer = await fetch("/tiles");
      if (answer.status === 401) return location.reload();
      if (!answer.ok) return;
      const fresh = parse(await answer.text());
      sum(fresh.firstElementChild);
      const found = [...fresh.children];
      keep(found.map((tile) => tile.id.slice(5)));
      found.forEach(put);
      sort();
      show("polling");
    } catch { /* shown once it lasts */ }
  };
  const listen = () => {
    const source = new EventSource("/events");
    const on = (name, take) => source.addEventListener(name, (event) => {
      clearInterval(polling);
      polling = 0;
      take(event.data);
      show("live");
    });
    on("names", (data) => keep(JSON.parse(data)));
    on("summary", (data) => sum(parse(data)));
    on("tile", (data) => { put(parse(data).firstElementChild); sort(); });
    on("over", () => { source.close(); location.reload(); });
    source.onerror = () => {
      polling ||= setInterval(poll, 10000);
      if (source.readyState === EventSource.CLOSED) { poll(); setTimeout(listen, 15000); }
    };
  };

  if (tiles) setInterval(() => { if (Date.now() - heard > 30000) show("lost"); }, 3000);
  const menus = () => document.querySelectorAll("details[open]");
  document.addEventListener("click", ({ target }) => {
    for (const menu of menus()) if (!menu.contains(target)) menu.open = false;
  });
  document.addEventListener("keydown", ({ key }) => {
    if (key === "Escape") for (const menu of menus()) { menu.open = false; menu.firstElementChild.focus(); }
  });
  act?.addEventListener("submit", (event) => {
    document.body.classList.add("busy");
    event.submitter.textContent = act.dataset.busy;
  });
  if (tiles) listen();
})();
